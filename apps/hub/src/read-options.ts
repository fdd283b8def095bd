import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type AddressBook, addressBookSchema } from '@skein/chain';
import { BaseError } from '@skein/core';
import { z } from 'zod';

const optionsSchema = z.strictObject({
  directory: z.string().min(1),
  host: z.string().min(1).default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65_535).default(4300),
  rpc: z.url(),
  book: z.string().min(1),
  'database-url': z.string().optional(),
  'no-rpc': z.boolean().default(false),
  'log-level': z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export type HubCommandLine = Omit<z.infer<typeof optionsSchema>, 'book'> & { readonly book: AddressBook };

const USAGE = 'Use: --directory DIR --rpc URL --book FILE [--host HOST] [--port PORT] [--database-url URL] [--no-rpc]';

/** Reads the hub's command line and the address book that it names. @throws BaseError `hub/bad-options`, `hub/bad-book` */
export async function readOptions(argv: readonly string[]): Promise<HubCommandLine> {
  const parsed = optionsSchema.safeParse(parseValues(argv));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badOptions(`--${String(issue?.path[0] ?? '')}: ${issue?.message}`);
  }
  // A URL with a password is better not on a command line that everybody can list.
  const databaseUrl = parsed.data['database-url'] ?? process.env['DATABASE_URL'];
  return { ...parsed.data, 'database-url': databaseUrl, book: await readBook(parsed.data.book) };
}

function parseValues(argv: readonly string[]): unknown {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    directory: text,
    host: text,
    port: text,
    rpc: text,
    book: text,
    'database-url': text,
    'no-rpc': flag,
    'log-level': text,
  };
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw badOptions((error as Error).message);
  }
}

async function readBook(path: string): Promise<AddressBook> {
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    return addressBookSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BaseError('hub/bad-book', `${path} is no address book.`, {
      hints: ['Give the address-book.json that the deployment has written.'],
      cause,
    });
  }
}

function badOptions(fault: string): BaseError {
  return new BaseError('hub/bad-options', `The hub can’t be started so: ${fault}.`, { hints: [USAGE] });
}
