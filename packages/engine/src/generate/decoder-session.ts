import { buildDecoder, type DecoderSpec } from '../models/decoder-graph.ts';
import type { Runtime, Session, SessionOptions } from '../runtime/runtime.ts';

/** A session of a decoder's graph, which takes of what it is bound to only what the graph has inputs for. */
export async function openDecoderSession(
  runtime: Runtime,
  spec: DecoderSpec,
  options: SessionOptions,
): Promise<Session> {
  const graph = buildDecoder(spec);
  const names = new Set(graph.inputs.map(({ name }) => name));
  const session = await runtime.createSession(graph, options);
  return {
    ...session,
    bind: (feeds) => session.bind(Object.fromEntries(Object.entries(feeds).filter(([name]) => names.has(name)))),
  };
}
