const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const DIRECTIVE = /%(-?)([A-Za-z%])/g;

const twoDigits = (value: number): string => String(value).padStart(2, '0');
const hour12 = (date: Date): number => date.getHours() % 12 || 12;

const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  '%': () => '%',
  A: (date) => DAYS[date.getDay()] as string,
  B: (date) => MONTHS[date.getMonth()] as string,
  H: (date) => twoDigits(date.getHours()),
  I: (date) => twoDigits(hour12(date)),
  M: (date) => twoDigits(date.getMinutes()),
  S: (date) => twoDigits(date.getSeconds()),
  Y: (date) => String(date.getFullYear()),
  a: (date) => (DAYS[date.getDay()] as string).slice(0, 3),
  b: (date) => (MONTHS[date.getMonth()] as string).slice(0, 3),
  d: (date) => twoDigits(date.getDate()),
  m: (date) => twoDigits(date.getMonth() + 1),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  y: (date) => twoDigits(date.getFullYear() % 100),
};

/**
 * Python's `datetime.strftime` in the C locale, in local time, for the directives that chat templates write a date
 * with; `%-d` is `%d` without the leading zero.
 * @throws RangeError for any other directive.
 */
export function strftime(date: Date, format: string): string {
  return format.replace(DIRECTIVE, (_, flag: string, letter: string) => {
    const directive = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined;
    if (directive === undefined) throw new RangeError(`strftime: %${letter} is not supported`);
    const text = directive(date);
    return flag === '-' ? text.replace(/^0(?=\d)/, '') : text;
  });
}
