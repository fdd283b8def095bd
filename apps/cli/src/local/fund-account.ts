import { BaseError } from '@skein/core';
import { z } from 'zod';

/** JSON-RPC's answer; a hub, which passes the method on to nobody, answers with a sentence of its own. */
const replySchema = z.union([
  z.object({ error: z.object({ message: z.string() }) }),
  z.object({ result: z.unknown() }).transform(() => ({ error: undefined })),
  z.object({ message: z.string() }).transform((error) => ({ error })),
]);

/**
 * Asks the embedded chain for play money: gas and development tokens. Other chains have no such method.
 * @throws BaseError `cli/not-funded`
 */
export async function fundAccount(rpcUrl: string, address: string, signal?: AbortSignal): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'skein_fund', params: [address] });
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(rpcUrl, { method: 'POST', headers, body, signal: signal ?? null }).then(
    (response) => response.json(),
    (cause: unknown) => {
      signal?.throwIfAborted();
      return { error: { message: cause instanceof Error ? cause.message : String(cause) } };
    },
  );
  const { error } = replySchema.parse(reply);
  if (error === undefined) return;
  throw new BaseError('cli/not-funded', `${rpcUrl} gave ${address} no money: ${error.message.replace(/\.$/, '')}.`, {
    hints: [
      'Ask the embedded chain itself, not a hub before it: its address belongs into node.json as "rpc"; "skein up" prints it.',
      'Only the embedded development chain gives money away; elsewhere send tokens and gas to the account.',
    ],
  });
}
