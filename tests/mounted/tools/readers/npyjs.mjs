// Prints an array as JSON, with its items in the order of the file.
import { readFileSync } from "node:fs";
import { load } from "npyjs";

const { data, shape, fortranOrder } = await load(readFileSync(process.argv[2]));
console.log(JSON.stringify({ shape, values: Array.from(data), fortran_order: fortranOrder }));
