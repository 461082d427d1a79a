import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The charting library's builds for browsers, in the order that they must run in. */
export function chartLibrary(): string[] {
  return [
    ["vega", "vega.min.js"],
    ["vega-lite", "vega-lite.min.js"],
  ].map(([name, file]) => {
    // Both packages export one entry, which lies beside the build for browsers.
    const text = readFileSync(join(dirname(require.resolve(name!)), file!), "utf8");
    // Inside a script element; the builds hold neither today.
    return text.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");
  });
}
