// Prints what nrrd-js finds in each detached header in argv, as lines of JSON.
import { readFileSync } from "node:fs";
import nrrd from "nrrd-js";

console.warn = () => {};  // it leaves the body to us, and says so
for (const path of process.argv.slice(2)) {
  const buffer = readFileSync(path);
  const { sizes, type, endian, encoding, dataFile } = nrrd.parse(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length));
  console.log(JSON.stringify({ sizes, type, endian, encoding, dataFile }));
}
