// JavaScript with npyjs (npm install npyjs): npyfs data -- node npyjs_sum.mjs {}/rows.npy/chunks/1_of_4.npy
import { readFileSync } from "node:fs";
import { load } from "npyjs";

const { data, shape } = await load(readFileSync(process.argv[2]));
console.log(`${shape[0]} rows, sum ${data.reduce((a, b) => a + b)}`);
