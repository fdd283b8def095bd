/** All of standard input as text. */
export async function readInput(input: NodeJS.ReadStream): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of input) text += decoder.decode(bytes as Uint8Array, { stream: true });
  return text + decoder.decode();
}
