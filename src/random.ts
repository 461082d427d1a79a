import { createHash } from "node:crypto";

/**
 * Seeded random numbers: the same seed gives the same numbers on every machine and in every version.
 * xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it), its state the first 16 bytes of a SHA-256 of
 * the seed and the labels that led here, so that streams for different purposes are independent.
 */
export class Random {
  private readonly path: string;
  private readonly state: Uint32Array;

  /** `1`, `"1"` and `1n` are the same seed. */
  constructor(seed: number | string | bigint) {
    this.path = String(seed);
    const hash = createHash("sha256").update(`harmonic random\0${this.path}`).digest();
    this.state = Uint32Array.from([0, 4, 8, 12], (offset) => hash.readUInt32LE(offset));
  }

  /** A stream of its own for `label`; it does not depend on how much was drawn from this one. */
  derive(label: string | number): Random {
    return new Random(`${this.path}\0${label}`);
  }

  /** Uniform integer in [0, 2^32). */
  nextUint32(): number {
    const s = this.state as Uint32Array & { 0: number; 1: number; 2: number; 3: number };
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** Uniform integer in [0, 2^64). */
  nextUint64(): bigint {
    const high = BigInt(this.nextUint32());
    return (high << 32n) | BigInt(this.nextUint32());
  }

  /** What n calls of nextUint64 would return. */
  nextUint64s(n: number): BigUint64Array {
    const words = new Uint32Array(2 * n); // little-endian, as all processors that Node runs on here
    for (let i = 0; i < n; i++) {
      words[2 * i + 1] = this.nextUint32();
      words[2 * i] = this.nextUint32();
    }
    return new BigUint64Array(words.buffer);
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  nextFloat(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer in [0, n), 1 <= n <= 2^32, without bias: draws from the incomplete last block are repeated. */
  nextInt(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 4294967296) {
      throw new RangeError(`expected an integer from 1 to 2^32 for \`n\` but received ${n}`);
    }
    const limit = 4294967296 - (4294967296 % n);
    for (;;) {
      const draw = this.nextUint32();
      if (draw < limit) return draw % n;
    }
  }

  /** Shuffles in place (Fisher-Yates) and returns the array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(array: T): T {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.nextInt(i + 1);
      const held = array[i];
      array[i] = array[j];
      array[j] = held;
    }
    return array;
  }
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
