// A sealed bid. The private input holds bids, 64-bit numbers; the public input, if there is one, a reserve price. What becomes
// public is how many bids reach the reserve, the second highest of them, which the winner pays, and their mean: not who
// bid what.
package main

import (
	"errors"
	"io"
	"os"

	zkmips "github.com/zkmips/zkmips/guest-go"
)

type result struct {
	Count        uint32
	Second, Mean uint64
}

func run() error {
	var reserve uint64
	if err := zkmips.ReadPublic(&reserve); err != nil && err != io.EOF {
		return err
	}
	zkmips.CycleMarker("read")
	var r result
	var highest, sum uint64
	for {
		var bid uint64
		if err := zkmips.Read(&bid); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if bid < reserve {
			continue
		}
		if bid > highest {
			highest, r.Second = bid, highest
		} else if bid > r.Second {
			r.Second = bid
		}
		r.Count++
		sum += bid
	}
	zkmips.CycleMarker("decide")
	if r.Count < 2 {
		return errors.New("fewer than two bids reach the reserve")
	}
	os.Stderr.WriteString("there is a winner\n")
	r.Mean = sum / uint64(r.Count)
	return zkmips.Commit(r)
}

func main() {
	zkmips.Main(run)
}
