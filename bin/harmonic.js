#!/usr/bin/env node
"use strict";

const { existsSync } = require("node:fs");
const { join } = require("node:path");

const main = join(__dirname, "..", "dist", "cli", "main.js");
if (!existsSync(main)) {
  process.stderr.write("error: harmonic is not built\nhint: npm run setup\n");
  process.exitCode = 1;
} else {
  require(main).main();
}
