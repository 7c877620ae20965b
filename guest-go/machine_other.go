//go:build !linux

package zkmips

func marker(string) {}

// Inside tells whether the program runs in the machine rather than on an ordinary computer.
func Inside() bool { return false }
