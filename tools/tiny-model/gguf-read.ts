/** Reads the GGUF files that `gguf-write.ts` writes; anything else in the format is refused. */
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
import { fromHalfBits } from "./half-float.ts";

function createByteReader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const skip = (length: number) => {
    const at = offset;
    offset += length;
    return at;
  };
  const text = (length: number) => {
    const at = skip(length);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at, at + length));
  };
  const uint64 = () => Number(view.getBigUint64(skip(8), true));
  return {
    view,
    text,
    uint64,
    byte: () => view.getUint8(skip(1)),
    uint32: () => view.getUint32(skip(4), true),
    int32: () => view.getInt32(skip(4), true),
    float32: () => view.getFloat32(skip(4), true),
    string: () => text(uint64()),
    list: <Item>(length: number, read: () => Item) => Array.from({ length }, read),
    position: () => offset,
  };
}

type ByteReader = ReturnType<typeof createByteReader>;

function readValue(reader: ByteReader): GgufValue {
  const code = reader.uint32();
  switch (code) {
    case valueCodes.uint32:
      return { type: "uint32", value: reader.uint32() };
    case valueCodes.float32:
      return { type: "float32", value: reader.float32() };
    case valueCodes.boolean:
      return { type: "boolean", value: reader.byte() === 1 };
    case valueCodes.string:
      return { type: "string", value: reader.string() };
    case valueCodes.array:
      return readArray(reader);
    default:
      throw new Error(`metadata of type ${code} is not read here`);
  }
}

function readArray(reader: ByteReader): GgufValue {
  const [code, length] = [reader.uint32(), reader.uint64()];
  switch (code) {
    case valueCodes.string:
      return { type: "strings", value: reader.list(length, reader.string) };
    case valueCodes.int32:
      return { type: "int32s", value: reader.list(length, reader.int32) };
    default:
      throw new Error(`arrays of type ${code} are not read here`);
  }
}

function readDescription(reader: ByteReader) {
  const name = reader.string();
  const dimensions = reader.list(reader.uint32(), reader.uint64);
  const [code, offset] = [reader.uint32(), reader.uint64()];
  if (code !== tensorCodes.f32 && code !== tensorCodes.f16)
    throw new Error(`tensors of type ${code} are not read here`);
  const format: GgufTensor["format"] = code === tensorCodes.f32 ? "f32" : "f16";
  return { name, dimensions, format, offset };
}

export function decodeGguf(bytes: Uint8Array): GgufFile {
  const reader = createByteReader(bytes);
  if (reader.text(ggufMagic.length) !== ggufMagic || reader.uint32() !== ggufVersion)
    throw new Error(`not a GGUF file of version ${ggufVersion}`);
  const [tensorCount, metadataCount] = [reader.uint64(), reader.uint64()];
  const entries = reader.list(metadataCount, () => [reader.string(), readValue(reader)] as const);
  const descriptions = reader.list(tensorCount, () => readDescription(reader));
  const dataStart = roundUpToAlignment(reader.position());
  const tensors = descriptions.map(({ name, dimensions, format, offset }): GgufTensor => {
    const length = dimensions.reduce((product, dimension) => product * dimension, 1);
    const values = Float32Array.from({ length }, (_, index) => {
      const at = dataStart + offset + index * bytesPerValue[format];
      return format === "f32"
        ? reader.view.getFloat32(at, true)
        : fromHalfBits(reader.view.getUint16(at, true));
    });
    return { name, dimensions, format, values };
  });
  return { metadata: new Map(entries), tensors };
}
