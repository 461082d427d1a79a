import { open } from "node:fs/promises";
import {
  DataType,
  makeData,
  RecordBatch,
  RecordBatchReader,
  Struct,
  type Data,
  type Dictionary,
  type Schema,
} from "apache-arrow";
import { arrowFileBytes } from "./arrow-file";
import { strangePart } from "./strange-part";

/** The bytes of one Arrow file with the record batches of several, one file behind another. */
export async function* mergedArrow(files: readonly string[]): AsyncGenerator<Uint8Array> {
  const schema = await schemaOf(files[0]!);
  yield* arrowFileBytes(schema, mergedBatches(files, schema));
}

async function* mergedBatches(files: readonly string[], schema: Schema): AsyncGenerator<RecordBatch> {
  let first: RecordBatch | undefined;
  for (const file of files) {
    const handle = await open(file);
    try {
      const reader = await RecordBatchReader.from(handle);
      for await (const batch of reader) {
        if (String(batch.schema) !== String(schema)) throw strangePart(file, files[0]!, String(batch.schema));
        first ??= batch;
        yield withDictionariesOf(first, batch, () => strangePart(file, files[0]!, "other categories"));
      }
    } finally {
      await handle.close();
    }
  }
}

/** The batch with the dictionaries of another, which a file holds once. */
function withDictionariesOf(first: RecordBatch, batch: RecordBatch, strange: () => Error): RecordBatch {
  const children = batch.data.children.map((child: Data, c: number): Data => {
    if (!DataType.isDictionary(child.type)) return child;
    const wanted = first.data.children[c] as Data<Dictionary>;
    const [a, b] = [wanted.dictionary!, (child as Data<Dictionary>).dictionary!];
    if (a !== b && JSON.stringify(a.toArray()) !== JSON.stringify(b.toArray())) throw strange();
    const { length, nullCount, values, nullBitmap } = child as Data<Dictionary>;
    return makeData({ type: wanted.type, length, nullCount, data: values, nullBitmap, dictionary: a });
  });
  const { schema } = first;
  const { length } = batch.data;
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }),
  );
}

async function schemaOf(file: string): Promise<Schema> {
  const handle = await open(file);
  try {
    return (await (await RecordBatchReader.from(handle)).open()).schema;
  } finally {
    await handle.close();
  }
}
