/** The error member of a JSON-RPC answer. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type RpcResult = { readonly result: unknown } | { readonly error: RpcError };

/** Calls methods of one JSON-RPC server. */
export interface RpcClient {
  /** An answer, good or bad. Rejects where there is none. */
  ask(method: string, params: readonly unknown[]): Promise<RpcResult>;
  /** The result of a call that can't be refused. @throws Error with the server's words */
  call(method: string, ...params: readonly unknown[]): Promise<unknown>;
}

export function createRpcClient(url: string): RpcClient {
  const ask = async (method: string, params: readonly unknown[]): Promise<RpcResult> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const answer = (await response.json()) as { result?: unknown; error?: RpcError };
    return answer.error === undefined ? { result: answer.result ?? null } : { error: answer.error };
  };
  return {
    ask,
    async call(method, ...params) {
      const answer = await ask(method, params);
      if ('error' in answer) throw new Error(`${method}: ${answer.error.message}`);
      return answer.result;
    },
  };
}
