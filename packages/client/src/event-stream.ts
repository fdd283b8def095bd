import { createParser } from 'eventsource-parser';
import { type HubEvent, hubEventSchema } from './api.ts';
import { pauseMs, wait } from './backoff.ts';
import { STREAM_SILENCE_MS } from './limits.ts';
import { joinSignals, type Transport } from './request.ts';

export interface EventOptions {
  readonly signal?: AbortSignal | undefined;
  /** The last event that was seen; without it, only what happens from now on. */
  readonly lastEventId?: number | undefined;
}

/**
 * What changes in an alliance, for as long as the consumer goes on: a stream that breaks is opened again where it was.
 * Ends by `break`, or throws the signal's reason, or what the hub says where trying again is no use.
 */
export async function* hubEvents(
  transport: Transport,
  alliance: string,
  { signal, lastEventId }: EventOptions,
): AsyncGenerator<HubEvent, void, void> {
  let last = lastEventId;
  for (let failures = 0; ; failures++) {
    const silence = new AbortController();
    try {
      for await (const event of openStream(transport, { alliance, last, signal, silence })) {
        failures = 0;
        last = event.id;
        yield event;
      }
    } catch (error) {
      signal?.throwIfAborted();
      // A stream that fell silent or broke is opened again; send() has already given up on what can't get better.
      if (!(silence.signal.aborted || isNetworkError(error))) throw error;
    } finally {
      silence.abort();
    }
    await wait(pauseMs(failures), signal);
  }
}

interface Stream {
  readonly alliance: string;
  readonly last: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly silence: AbortController;
}

async function* openStream(transport: Transport, stream: Stream): AsyncGenerator<HubEvent, void, void> {
  const { alliance, last, silence } = stream;
  const response = await transport.stream({
    path: `/v1/alliances/${alliance}/events`,
    headers: { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': String(last) }) },
    signal: joinSignals(stream.signal, silence.signal),
  });
  const events: HubEvent[] = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      const event = hubEventSchema.safeParse(JSON.parse(data)).data;
      if (event !== undefined) events.push(event);
    },
  });
  const decoder = new TextDecoder();
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  try {
    for (;;) {
      const timer = setTimeout(() => silence.abort(), STREAM_SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** What fetch and its streams throw when a connection breaks. */
function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === 'AbortError');
}
