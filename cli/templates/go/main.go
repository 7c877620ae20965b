// Proves that a number is a product of two others, both larger than 1, without showing which.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// product reads two factors and says what their product is.
func product(private io.Reader, public io.Writer) error {
	var a, b uint32
	if _, err := fmt.Fscan(private, &a, &b); err != nil {
		return fmt.Errorf("two numbers below 2^32, please: %w", err)
	}
	if a < 2 || b < 2 {
		return errors.New("both must be larger than 1")
	}
	_, err := fmt.Fprintln(public, uint64(a)*uint64(b), "is a product")
	return err
}

func main() {
	if err := product(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err) // shown, not proved
		os.Exit(1)                   // public
	}
}
