/**
 * A program of some hundred bytes for x86-64 Linux, which keeps recordings of its image small. It prints
 * `hello` to stdout and `world` to stderr, then waits to be killed.
 */
export function tinyProgram(): Buffer {
  const headers = 64 + 56;
  const load = 0x400000;
  const code = [
    // write(1, hello, 6)
    0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0x48, 0x8d, 0x35, 40, 0, 0, 0, 0xba, 6, 0, 0, 0, 0x0f, 0x05,
    // write(2, world, 6)
    0xb8, 1, 0, 0, 0, 0xbf, 2, 0, 0, 0, 0x48, 0x8d, 0x35, 22, 0, 0, 0, 0xba, 6, 0, 0, 0, 0x0f, 0x05,
    // for (;;) pause()
    0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7,
  ];
  const program = Buffer.concat([Buffer.alloc(headers), Buffer.from(code), Buffer.from('hello\nworld\n')]);
  program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0);
  program.writeUInt16LE(2, 16); // an executable
  program.writeUInt16LE(62, 18); // x86-64
  program.writeUInt32LE(1, 20);
  program.writeBigUInt64LE(BigInt(load + headers), 24); // the entry point
  program.writeBigUInt64LE(64n, 32); // the offset of the program headers
  program.writeUInt16LE(64, 52);
  program.writeUInt16LE(56, 54);
  program.writeUInt16LE(1, 56);
  program.writeUInt32LE(1, 64); // one segment to load …
  program.writeUInt32LE(5, 68); // … readable and executable
  program.writeBigUInt64LE(BigInt(load), 80);
  program.writeBigUInt64LE(BigInt(load), 88);
  program.writeBigUInt64LE(BigInt(program.length), 96);
  program.writeBigUInt64LE(BigInt(program.length), 104);
  program.writeBigUInt64LE(0x1000n, 112);
  return program;
}
