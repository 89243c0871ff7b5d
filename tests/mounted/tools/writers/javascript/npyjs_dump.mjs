// Writes the items of a file with npyjs: PATH, their type, their shape, the file.
import fs from "node:fs";
import { dump } from "npyjs";

const [path, type, shape, file] = process.argv.slice(2);
const body = fs.readFileSync(file);
const Items = { f8: Float64Array, i2: Int16Array, u1: Uint8Array }[type];
const items = new Items(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
fs.writeFileSync(path, Buffer.from(dump(items, shape.split(",").map(Number))));
