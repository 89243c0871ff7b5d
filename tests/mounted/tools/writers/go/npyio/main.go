// Writes the items of a file with npyio: PATH, their type, their shape, the file; "alone" to open for writing alone.
package main

import (
	"bytes"
	"encoding/binary"
	"log"
	"os"

	"github.com/sbinet/npyio/npy"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	body, err := os.ReadFile(os.Args[4])
	check(err)
	var items interface{}
	switch os.Args[2] {
	case "f8":
		items = make([]float64, len(body)/8)
	case "i2":
		items = make([]int16, len(body)/2)
	case "u1":
		items = make([]uint8, len(body))
	}
	check(binary.Read(bytes.NewReader(body), binary.LittleEndian, items))
	flags := os.O_RDWR | os.O_CREATE | os.O_TRUNC // as os.Create
	if len(os.Args) > 5 {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(os.Args[1], flags, 0o666)
	check(err)
	check(npy.Write(file, items))
	check(file.Close())
}
