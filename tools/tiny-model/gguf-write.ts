/** Writes a GGUF file. The same input gives the same bytes: metadata keeps its order. */
import {
  bytesPerValue,
  type GgufFile,
  ggufMagic,
  type GgufTensor,
  type GgufValue,
  ggufVersion,
  roundUpToAlignment,
  tensorCodes,
  valueCodes,
} from "./gguf.ts";
import { toHalfBits } from "./half-float.ts";

function createByteWriter() {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const bytes = (chunk: Uint8Array) => {
    chunks.push(chunk);
    length += chunk.length;
  };
  const field = (size: number, fill: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(size));
    fill(view);
    bytes(new Uint8Array(view.buffer));
  };
  const uint64 = (value: number) => field(8, (view) => view.setBigUint64(0, BigInt(value), true));
  return {
    bytes,
    byte: (value: number) => bytes(Uint8Array.of(value)),
    uint32: (value: number) => field(4, (view) => view.setUint32(0, value, true)),
    int32: (value: number) => field(4, (view) => view.setInt32(0, value, true)),
    float32: (value: number) => field(4, (view) => view.setFloat32(0, value, true)),
    uint64,
    string(value: string) {
      const encoded = new TextEncoder().encode(value);
      uint64(encoded.length);
      bytes(encoded);
    },
    pad: () => bytes(new Uint8Array(roundUpToAlignment(length) - length)),
    finish(): Uint8Array {
      const whole = new Uint8Array(length);
      let offset = 0;
      for (const chunk of chunks) {
        whole.set(chunk, offset);
        offset += chunk.length;
      }
      return whole;
    },
  };
}

type ByteWriter = ReturnType<typeof createByteWriter>;

function writeArray<Item>(
  writer: ByteWriter,
  code: number,
  items: readonly Item[],
  write: (item: Item) => void,
) {
  writer.uint32(valueCodes.array);
  writer.uint32(code);
  writer.uint64(items.length);
  items.forEach(write);
}

function writeValue(writer: ByteWriter, { type, value }: GgufValue) {
  switch (type) {
    case "uint32":
      writer.uint32(valueCodes.uint32);
      return writer.uint32(value);
    case "float32":
      writer.uint32(valueCodes.float32);
      return writer.float32(value);
    case "boolean":
      writer.uint32(valueCodes.boolean);
      return writer.byte(value ? 1 : 0);
    case "string":
      writer.uint32(valueCodes.string);
      return writer.string(value);
    case "strings":
      return writeArray(writer, valueCodes.string, value, writer.string);
    case "int32s":
      return writeArray(writer, valueCodes.int32, value, writer.int32);
    default:
      return type satisfies never;
  }
}

function tensorBytes({ format, values }: GgufTensor): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * bytesPerValue[format]));
  values.forEach((value, index) => {
    if (format === "f32") view.setFloat32(index * 4, value, true);
    else view.setUint16(index * 2, toHalfBits(value), true);
  });
  return new Uint8Array(view.buffer);
}

export function encodeGguf({ metadata, tensors }: GgufFile): Uint8Array {
  const writer = createByteWriter();
  writer.bytes(new TextEncoder().encode(ggufMagic));
  writer.uint32(ggufVersion);
  writer.uint64(tensors.length);
  writer.uint64(metadata.size);
  for (const [key, value] of metadata) {
    writer.string(key);
    writeValue(writer, value);
  }
  let offset = 0;
  for (const { name, dimensions, format, values } of tensors) {
    writer.string(name);
    writer.uint32(dimensions.length);
    dimensions.forEach(writer.uint64);
    writer.uint32(tensorCodes[format]);
    writer.uint64(offset);
    offset += roundUpToAlignment(values.length * bytesPerValue[format]);
  }
  writer.pad();
  for (const tensor of tensors) {
    writer.bytes(tensorBytes(tensor));
    writer.pad();
  }
  return writer.finish();
}
