import type { Attribute, ElementType, Graph, GraphNode, Initializer, ValueInfo } from '../graph/graph.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** TensorProto.DataType of onnx.proto. */
const DATA_TYPE: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
  uint4: 21,
};

/** Operators of ONNX Runtime itself, outside the standard: github.com/microsoft/onnxruntime, docs/ContribOperators.md. */
const RUNTIME_OPERATORS: ReadonlySet<string> = new Set([
  'DynamicQuantizeMatMul',
  'GatherBlockQuantized',
  'GroupQueryAttention',
  'MatMulIntegerToFloat',
  'MatMulNBits',
  'QuickGelu',
  'SkipSimplifiedLayerNormalization',
]);
const RUNTIME_DOMAIN = 'com.microsoft';

const OPSET = 21;
const IR_VERSION = 10;

/**
 * A graph as the bytes of an ONNX model (onnx.proto, IR version 10, opset 21). Weights that lie in files are named,
 * not copied.
 * @param locationOf how a file is called in the model: relative to the folder that the runtime is given.
 */
export function encodeModel(graph: Graph, locationOf: (file: string) => string): Uint8Array {
  const body = new ProtobufWriter();
  graph.nodes.forEach((node, index) => {
    body.message(1, encodeNode(node, index));
  });
  body.text(2, 'skein');
  for (const initializer of graph.initializers) body.message(5, encodeInitializer(initializer, locationOf));
  for (const input of graph.inputs) body.message(11, encodeValueInfo(input));
  for (const output of graph.outputs) body.message(12, encodeValueInfo(output));
  return new ProtobufWriter()
    .integer(1, IR_VERSION)
    .text(2, 'skein')
    .message(7, body)
    .message(8, new ProtobufWriter().text(1, '').integer(2, OPSET))
    .message(8, new ProtobufWriter().text(1, RUNTIME_DOMAIN).integer(2, 1))
    .finish();
}

function encodeNode(node: GraphNode, index: number): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const input of node.inputs) writer.text(1, input);
  for (const output of node.outputs) writer.text(2, output);
  writer.text(3, `${node.operator}/${index}`).text(4, node.operator);
  for (const [name, value] of Object.entries(node.attributes)) writer.message(5, encodeAttribute(name, value));
  if (RUNTIME_OPERATORS.has(node.operator)) writer.text(7, RUNTIME_DOMAIN);
  return writer;
}

function encodeAttribute(name: string, value: Attribute): ProtobufWriter {
  const writer = new ProtobufWriter().text(1, name);
  if (typeof value === 'string') return writer.text(4, value).integer(20, 3);
  if (typeof value === 'number') return writer.integer(3, value).integer(20, 2);
  if ('float' in value) return writer.float(2, value.float).integer(20, 1);
  for (const item of value) writer.integer(8, item);
  return writer.integer(20, 7);
}

function encodeInitializer({ name, dims, type, source }: Initializer, locationOf: (file: string) => string) {
  const writer = new ProtobufWriter();
  for (const dim of dims) writer.integer(1, dim);
  writer.integer(2, DATA_TYPE[type]).text(8, name);
  if (ArrayBuffer.isView(source)) {
    return writer.bytes(9, new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  const entries = { location: locationOf(source.file), offset: source.offset, length: source.length };
  for (const [key, value] of Object.entries(entries)) {
    writer.message(13, new ProtobufWriter().text(1, key).text(2, String(value)));
  }
  return writer.integer(14, 1);
}

function encodeValueInfo({ name, dims, type }: ValueInfo): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of dims) {
    const extent = new ProtobufWriter();
    shape.message(1, typeof dim === 'string' ? extent.text(2, dim) : extent.integer(1, dim));
  }
  const tensor = new ProtobufWriter().integer(1, DATA_TYPE[type]).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}
