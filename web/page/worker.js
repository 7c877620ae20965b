// Runs the verifier, a WebAssembly program that reads a message from standard input and writes one to standard output. It gets no more of
// an operating system than that: no files, no clock, no network.

"use strict";

const SUCCESS = 0;
const BAD_FILE = 8;
const NOT_SUPPORTED = 52;
const CHARACTER_DEVICE = 2;

class Exit extends Error {
  constructor(code) {
    super(`the verifier ended with status ${code}`);
    this.code = code;
  }
}

// What the program imports from `wasi_snapshot_preview1` (github.com/WebAssembly/WASI, preview 1).
function system(input, output) {
  let memory;
  let position = 0;
  const view = () => new DataView(memory.buffer);
  // Calls `move` with each buffer of a list of addresses and lengths, until it moves less than all of one.
  const overBuffers = (list, count, moved, move) => {
    let total = 0;
    for (let i = 0; i < count; i++) {
      const start = view().getUint32(list + 8 * i, true);
      const length = view().getUint32(list + 8 * i + 4, true);
      const done = move(new Uint8Array(memory.buffer, start, length));
      total += done;
      if (done < length) break;
    }
    view().setUint32(moved, total, true);
    return SUCCESS;
  };
  const nothing = (count, size) => {
    view().setUint32(count, 0, true);
    view().setUint32(size, 0, true);
    return SUCCESS;
  };
  const calls = {
    fd_read: (fd, list, count, moved) => {
      if (fd !== 0) return BAD_FILE;
      return overBuffers(list, count, moved, (buffer) => {
        const part = input.subarray(position, position + buffer.length);
        buffer.set(part);
        position += part.length;
        return part.length;
      });
    },
    fd_write: (fd, list, count, moved) => {
      if (fd !== 1 && fd !== 2) return BAD_FILE;
      return overBuffers(list, count, moved, (buffer) => {
        output[fd - 1].push(buffer.slice());
        return buffer.length;
      });
    },
    fd_fdstat_get: (fd, stat) => {
      if (fd > 2) return BAD_FILE;
      new Uint8Array(memory.buffer, stat, 24).fill(0);
      view().setUint8(stat, CHARACTER_DEVICE);
      return SUCCESS;
    },
    fd_prestat_get: () => BAD_FILE,
    environ_sizes_get: nothing,
    environ_get: () => SUCCESS,
    args_sizes_get: nothing,
    args_get: () => SUCCESS,
    random_get: (start, length) => {
      for (let done = 0; done < length; done += 65536) {
        crypto.getRandomValues(new Uint8Array(memory.buffer, start + done, Math.min(65536, length - done)));
      }
      return SUCCESS;
    },
    proc_exit: (code) => {
      throw new Exit(code);
    },
  };
  // Whatever else the standard library names is not there.
  const imports = new Proxy(calls, { get: (known, name) => known[name] ?? (() => NOT_SUPPORTED) });
  return { imports, use: (exported) => (memory = exported) };
}

async function text(parts) {
  return new Blob(parts).text();
}

const compiled = WebAssembly.compileStreaming(fetch("verifier.wasm"));

async function ask(parts) {
  const size = parts.reduce((sum, part) => sum + 4 + part.length, 0);
  const message = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    new DataView(message.buffer).setUint32(at, part.length, true);
    message.set(part, at + 4);
    at += 4 + part.length;
  }
  const output = [[], []];
  const { imports, use } = system(message, output);
  const instance = await WebAssembly.instantiate(await compiled, { wasi_snapshot_preview1: imports });
  use(instance.exports.memory);
  try {
    instance.exports._start();
  } catch (error) {
    if (!(error instanceof Exit && error.code === 0)) {
      throw new Error(`${error.message} ${await text(output[1])}`);
    }
  }
  return JSON.parse(await text(output[0]));
}

onmessage = async ({ data: { question, parts } }) => {
  try {
    const start = performance.now();
    const answer = await ask(parts);
    postMessage({ question, answer, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    postMessage({ question, answer: { error: error.message } });
  }
};
