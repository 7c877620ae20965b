package zkmips_test

import zkmips "github.com/zkmips/zkmips/guest-go"

// Numbers are written in big-endian order, one after the other.
func ExampleCommit() {
	zkmips.Commit(uint32('z')<<24 | 'k'<<16 | 'm'<<8 | 'i')
	zkmips.Commit(struct {
		A uint8
		B [1]int8
	}{'p', [1]int8{'s'}})
	// Output: zkmips
}
