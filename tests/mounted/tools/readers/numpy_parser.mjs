// Prints an array as JSON.
import { readFileSync } from "node:fs";
import parser from "numpy-parser";

const file = readFileSync(process.argv[2]);
const { data, shape } = parser.fromArrayBuffer(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
console.log(JSON.stringify({ shape, values: Array.from(data) }));
