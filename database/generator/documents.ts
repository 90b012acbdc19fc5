type Below = (limit: number) => number;

const SPANISH_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

/**
 * An identity or tax number in the form of its country, with a right check digit where the country's numbers have a simple one
 * (Chile, Ecuador, Spain). `below` draws a whole number below its argument. The numbers are invented.
 */
export function documentOf(countryCode: string, isCompany: boolean, below: Below): string {
  switch (countryCode) {
    case 'CR':
      return isCompany ? `3-101-${digits(below, 6)}` : `${1 + below(7)}-0${digits(below, 3)}-0${digits(below, 3)}`;
    case 'MX':
      return `${letters(below, isCompany ? 3 : 4)}${digitsOfDate(below)}${letters(below, 1)}${digits(below, 2)}`;
    case 'CO':
      return isCompany ? `9${digits(below, 8)}-${below(10)}` : `1${digits(below, 9)}`;
    case 'GT':
      return isCompany ? `${digits(below, 7)}-${below(10)}` : `${digits(below, 4)} ${digits(below, 5)} 0101`;
    case 'PA':
      return isCompany ? `155${digits(below, 6)}-2-20${10 + below(15)}` : `${1 + below(10)}-${100 + below(800)}-${1 + below(2400)}`;
    case 'PE':
      return isCompany ? `20${digits(below, 9)}` : digits(below, 8);
    case 'CL':
      return chileanNumber(isCompany ? 76_000_000 + below(2_000_000) : 8_000_000 + below(16_000_000));
    case 'EC':
      return isCompany ? `${ecuadorianNumber(below)}001` : ecuadorianNumber(below);
    case 'ES': {
      const number = below(100_000_000);
      return isCompany ? `B${digits(below, 8)}` : `${String(number).padStart(8, '0')}${SPANISH_LETTERS.charAt(number % 23)}`;
    }
    default:
      throw new RangeError(`no form of document is known for '${countryCode}'`);
  }
}

function digits(below: Below, count: number): string {
  return String(below(10 ** count)).padStart(count, '0');
}

function letters(below: Below, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += String.fromCharCode(65 + below(26));
  return text;
}

/** yymmdd */
function digitsOfDate(below: Below): string {
  return String((50 + below(50)) * 10_000 + (1 + below(12)) * 100 + 1 + below(28));
}

/** RUT: check digit by modulo 11 with the weights 2 to 7 from the right. */
function chileanNumber(number: number): string {
  let sum = 0;
  let weight = 2;
  for (let rest = number; rest > 0; rest = Math.floor(rest / 10)) {
    sum += (rest % 10) * weight;
    weight = weight === 7 ? 2 : weight + 1;
  }
  const check = 11 - (sum % 11);
  const text = String(number);
  return `${text.slice(0, -6)}.${text.slice(-6, -3)}.${text.slice(-3)}-${check === 11 ? '0' : check === 10 ? 'K' : check}`;
}

/** Cédula: province, a third digit below 6, and a check digit by modulo 10 with every other digit doubled. */
function ecuadorianNumber(below: Below): string {
  const body = `${String(1 + below(24)).padStart(2, '0')}${below(6)}${digits(below, 6)}`;
  let sum = 0;
  for (let i = 0; i < 9; i++) {
    const doubled = Number(body.charAt(i)) * (i % 2 === 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return `${body}${(10 - (sum % 10)) % 10}`;
}
