import {
  AsyncByteQueue,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  type RecordBatch,
  type Schema,
} from "apache-arrow";

/** Record batches in Arrow's file format, or in its stream format, as they come. */
export async function* arrowFileBytes(
  schema: Schema,
  batches: AsyncIterable<RecordBatch>,
  stream = false,
): AsyncGenerator<Uint8Array> {
  const sink = new Pieces();
  const writer = stream ? new RecordBatchStreamWriter() : new RecordBatchFileWriter();
  writer.reset(sink, schema);
  for await (const batch of batches) {
    writer.write(batch);
    yield* sink.take();
  }
  writer.close();
  yield* sink.take();
}

/** Holds what the writer wrote until it is taken, so that one batch at a time is in memory. */
class Pieces extends AsyncByteQueue {
  private pieces: Uint8Array[] = [];

  override write(piece: Uint8Array): void {
    if (piece.byteLength > 0) this.pieces.push(piece);
  }

  take(): Uint8Array[] {
    const taken = this.pieces;
    this.pieces = [];
    return taken;
  }
}
