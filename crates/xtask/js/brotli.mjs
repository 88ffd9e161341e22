// Prints a file's size, raw and as brotli 11. Node's own brotli: no crate to compile for one number.
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const bytes = readFileSync(process.argv[2]);
const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
console.log(bytes.length, brotliCompressSync(bytes, { params }).length);
