// Writes the items of a file with gonpy: PATH, their type, their shape, the file; "alone" to open for writing alone.
package main

import (
	"bytes"
	"encoding/binary"
	"log"
	"os"
	"strconv"
	"strings"

	"github.com/kshedden/gonpy"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	body, err := os.ReadFile(os.Args[4])
	check(err)
	var writer *gonpy.NpyWriter
	if len(os.Args) > 5 {
		file, err := os.OpenFile(os.Args[1], os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		check(err)
		writer, err = gonpy.NewWriter(file)
		check(err)
	} else {
		writer, err = gonpy.NewFileWriter(os.Args[1])
		check(err)
	}
	for _, length := range strings.Split(os.Args[3], ",") {
		rows, err := strconv.Atoi(length)
		check(err)
		writer.Shape = append(writer.Shape, rows)
	}
	switch os.Args[2] {
	case "f8":
		items := make([]float64, len(body)/8)
		check(binary.Read(bytes.NewReader(body), binary.LittleEndian, items))
		check(writer.WriteFloat64(items))
	case "i2":
		items := make([]int16, len(body)/2)
		check(binary.Read(bytes.NewReader(body), binary.LittleEndian, items))
		check(writer.WriteInt16(items))
	case "u1":
		check(writer.WriteUint8(body))
	}
}
