// Prints the array "data" of each store in argv as a line of JSON: its items in base64, shape, strides, and type.
import { FileSystemStore } from "@zarrita/storage";
import * as zarr from "zarrita";

for (const path of process.argv.slice(2)) {
  const group = await zarr.open(new FileSystemStore(path), { kind: "group" });
  const array = await zarr.open(group.resolve("data"), { kind: "array" });
  const { data, shape, stride } = await zarr.get(array);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  console.log(JSON.stringify({ bytes, shape, stride, dtype: array.dtype, names: array.dimensionNames }));
}
