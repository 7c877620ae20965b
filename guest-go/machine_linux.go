package zkmips

import (
	"syscall"
	"unsafe"
)

// prMarker is an option of prctl that only the machine's kernel knows; Linux answers EINVAL.
const prMarker = 0x7a6b0001

func marker(name string) {
	syscall.RawSyscall(syscall.SYS_PRCTL, prMarker, uintptr(unsafe.Pointer(unsafe.StringData(name))), uintptr(len(name)))
}

// Inside tells whether the program runs in the machine rather than on an ordinary computer.
func Inside() bool {
	var name syscall.Utsname
	if syscall.Uname(&name) != nil {
		return false
	}
	const machine = "zkmips\x00"
	for i := range machine {
		if byte(name.Nodename[i]) != machine[i] {
			return false
		}
	}
	return true
}
