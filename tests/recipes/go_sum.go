// Go, with no module: npyfs data -- go run go_sum.go {}/rows.npy/chunks/1_of_4.bin
// A .bin is the body alone: here float64, little-endian, row after row.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"
)

func main() {
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	sum := 0.0
	for at := 0; at+8 <= len(body); at += 8 {
		sum += math.Float64frombits(binary.LittleEndian.Uint64(body[at:]))
	}
	fmt.Printf("%d numbers, sum %v\n", len(body)/8, sum)
}
