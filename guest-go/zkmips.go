// Package zkmips adds to a Go program what plain input and output lack when the program is to be proved.
//
// No program needs it: standard input is the private input, standard output the public output, and the
// exit status is public. The package has typed reads and writes in a fixed encoding, the public input,
// clean failures, and markers for the profile. Outside the machine (a test on your own computer) everything
// works as well; there is just no public input.
//
// The encoding is that of [encoding/binary] in big-endian order, on machines of either byte order: booleans,
// sized integers, floats, and arrays, slices and structs of these. A slice is read into the length it has.
package zkmips

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// publicDescriptor is the file descriptor of the public input, inside the machine only: elsewhere
// number 3 may be anything.
const publicDescriptor = 3

var publicInput = sync.OnceValue(func() io.Reader {
	if !Inside() {
		return eof{}
	}
	return os.NewFile(publicDescriptor, "public input")
})

// Read fills the value that v points to from the private input (standard input).
func Read(v any) error {
	return binary.Read(os.Stdin, binary.BigEndian, v)
}

// PublicInput returns the reader of the public input. It is empty outside the machine.
func PublicInput() io.Reader {
	return publicInput()
}

// ReadPublic fills the value that v points to from the public input.
func ReadPublic(v any) error {
	return binary.Read(PublicInput(), binary.BigEndian, v)
}

// Commit writes v to the public output (standard output): whoever checks the proof sees it.
func Commit(v any) error {
	return binary.Write(os.Stdout, binary.BigEndian, v)
}

// Fail ends the program with status 1 and a message on standard error. The proof, should one be made, states the
// status; it says nothing of the message, which only the person who runs the program sees.
func Fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}

// Main runs a program's main function. An error or a panic becomes [Fail], without the stack trace, which would
// cost more instructions than many a program.
func Main(run func() error) {
	if err := guard(run); err != nil {
		Fail("%v", err)
	}
}

func guard(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); ok {
				err = fmt.Errorf("panic: %w", e)
			} else {
				err = fmt.Errorf("panic: %v", p)
			}
		}
	}()
	if run == nil {
		return errors.New("nothing to run")
	}
	return run()
}

// CycleMarker puts a named point into the profile of a run. It costs about a hundred instructions and does nothing
// outside the machine.
func CycleMarker(name string) {
	if len(name) != 0 {
		marker(name)
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
