import { createInterpreter } from '../interpreter/interpreter-runtime.ts';
import { trainFromText } from './train-from-text.ts';

console.log(JSON.stringify(await trainFromText(createInterpreter())));
