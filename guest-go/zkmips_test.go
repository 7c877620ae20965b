package zkmips

import (
	"errors"
	"io"
	"os"
	"testing"
)

// The public input that the machine's test of this module gives.
const publicInMachine = 0x01020304

func TestPublicInput(t *testing.T) {
	var n uint32
	err := ReadPublic(&n)
	if Inside() {
		if err != nil || n != publicInMachine {
			t.Fatalf("public input: %#x, %v", n, err)
		}
		err = ReadPublic(&n)
	}
	if err != io.EOF {
		t.Fatalf("end of the public input: %v, want EOF", err)
	}
}

func TestCycleMarker(t *testing.T) {
	CycleMarker("a marker")
	CycleMarker("")
}

func TestGuard(t *testing.T) {
	want := errors.New("bad input")
	if err := guard(func() error { return want }); err != want {
		t.Errorf("error: %v", err)
	}
	if err := guard(func() error { panic(want) }); !errors.Is(err, want) {
		t.Errorf("panic with an error: %v", err)
	}
	if err := guard(func() error { panic("text") }); err == nil || err.Error() != "panic: text" {
		t.Errorf("panic with text: %v", err)
	}
	if err := guard(func() error { return nil }); err != nil {
		t.Errorf("success: %v", err)
	}
}

func TestReadAndCommit(t *testing.T) {
	in, out := os.Stdin, os.Stdout
	defer func() { os.Stdin, os.Stdout = in, out }()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdin, os.Stdout = r, w
	type pair struct {
		A uint32
		B [2]int16
	}
	want := pair{0x01020304, [2]int16{-1, 2}}
	if err := Commit(want); err != nil {
		t.Fatal(err)
	}
	w.Close()
	bytes, err := io.ReadAll(r)
	if err != nil || string(bytes) != "\x01\x02\x03\x04\xff\xff\x00\x02" {
		t.Fatalf("committed %x, %v", bytes, err)
	}
	r, w, err = os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.Write(bytes)
	w.Close()
	os.Stdin = r
	var got pair
	if err := Read(&got); err != nil || got != want {
		t.Fatalf("read %v, %v", got, err)
	}
}
