import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { DataType, Precision, RecordBatchReader, type Field, type RecordBatch } from "apache-arrow";
import { HarmonicError } from "../errors";
import { checkNames } from "./names";
import { TextColumnBuilder, type TextColumn } from "./source";

/** Reads an Arrow IPC file or stream; with `stream`, from there (`path` is then its name in messages). */
export async function readArrow(path: string, stream?: NodeJS.ReadableStream): Promise<TextColumn[]> {
  let builders: TextColumnBuilder[] | undefined;
  try {
    for await (const batch of batchesOf(path, stream)) {
      builders ??= openBuilders(path, batch);
      addBatch(path, builders, batch);
    }
  } catch (error) {
    if (error instanceof HarmonicError) throw error;
    throw new HarmonicError(
      "E_INPUT",
      `${path} is not a readable Arrow IPC file: ${(error as Error).message}`,
      {
        hint: "check that it was written completely, as an Arrow IPC file or stream",
        cause: error,
      },
    );
  }
  if (!builders) {
    throw new HarmonicError("E_INPUT", `${path} holds no Arrow record batch`, {
      hint: "give an Arrow IPC file or stream with at least one row",
    });
  }
  return builders.map((builder) => builder.finish());
}

async function* batchesOf(path: string, stream?: NodeJS.ReadableStream): AsyncGenerator<RecordBatch> {
  // The file format has its footer at the end and needs the whole; a stream is read as it comes.
  const isFile = stream === undefined && (await startsLikeFile(path));
  const source = isFile ? await readFile(path) : (stream ?? createReadStream(path));
  const reader = await RecordBatchReader.from(source as AsyncIterable<Uint8Array>);
  for await (const batch of reader) yield batch;
}

async function startsLikeFile(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 5 }) as AsyncIterable<Buffer>) {
    return chunk.toString("latin1") === "ARROW1";
  }
  return false;
}

function openBuilders(path: string, batch: RecordBatch): TextColumnBuilder[] {
  const names = batch.schema.fields.map((field) => field.name);
  checkNames(path, names);
  return names.map((name) => new TextColumnBuilder(name));
}

function addBatch(path: string, builders: TextColumnBuilder[], batch: RecordBatch): void {
  batch.schema.fields.forEach((field, i) => {
    const toText = textOf(path, field);
    const vector = batch.getChildAt(i)!;
    for (let row = 0; row < batch.numRows; row++) {
      const value: unknown = vector.get(row);
      builders[i]!.push(value === null || value === undefined ? null : toText(value));
    }
  });
}

/** How the values of a column read as text. */
function textOf(path: string, field: Field): (value: unknown) => string {
  const declared = field.type as DataType;
  const type = DataType.isDictionary(declared) ? (declared.dictionary as DataType) : declared;
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isInt(type) || DataType.isBool(type))
    return String;
  if (DataType.isFloat(type))
    return type.precision === Precision.DOUBLE ? (value) => floatText(value as number) : shortFloatText;
  if (DataType.isTimestamp(type)) return (value) => isoTime(value as number, type.timezone ? "Z" : "");
  if (DataType.isDate(type)) return (value) => new Date(value as number).toISOString().slice(0, 10);
  throw new HarmonicError(
    "E_INPUT",
    `${path}: column "${field.name}" has the Arrow type ${String(field.type)}`,
    {
      hint: "expected text, dictionary, integer, float, boolean, date or timestamp columns; convert or drop this one",
    },
  );
}

/** Shortest form; a whole number keeps its point, so that the column stays a float column. */
function floatText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}

/** The shortest decimal that is this 32-bit float. */
function shortFloatText(value: unknown): string {
  const single = value as number;
  for (let digits = 6; digits < 9 && Number.isFinite(single); digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return floatText(short);
  }
  return floatText(single);
}

/** Arrow gives milliseconds, whatever the unit in the file. */
function isoTime(milliseconds: number, zone: string): string {
  return new Date(milliseconds).toISOString().replace(/(\.0+)?Z$/, "") + zone;
}
