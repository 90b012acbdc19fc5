import { fold, withoutAccents } from '../../../shared/domain/fold.ts';

export type Language = 'es' | 'en';

/**
 * How a text speaks to its reader. 'voseo': vos, as Costa Rica does (usted is right there too). 'neutral': Spanish that no country finds foreign,
 * tú or usted without vos or vosotros. English has no such choice.
 */
export type Voice = 'voseo' | 'neutral' | 'english';

/** A form that is not of the voice. */
export type VoiceFinding = {
  /** As it stands in the text. */
  readonly found: string;
  /** The form of the voice; undefined where there is no single one. */
  readonly instead: string | undefined;
  /** What kind of form was found. */
  readonly form: 'tuteo' | 'voseo' | 'vosotros';
};

/** Provinces and cantons by which people say where they are in Costa Rica, folded. Names that other countries use more are left out. */
const COSTA_RICA = new Set(
  [
    'costa rica|san jose|alajuela|cartago|heredia|guanacaste|puntarenas|limon|desamparados|goicoechea|pococi|san carlos|perez zeledon',
    'la union|curridabat|escazu|santa ana|tibas|liberia|nicoya|santa cruz|grecia|turrialba|garabito|jaco|quepos|moravia|montes de oca',
    'san pedro|san ramon|naranjo|palmares|paraiso|oreamuno|siquirres|guapiles|san rafael|belen|santo domingo|barva|tamarindo|nosara',
    'la fortuna|ciudad quesada|san isidro|buenos aires de puntarenas|golfito|osa|corredores|tilaran|canas|bagaces|upala|gam',
    'gran area metropolitana|valle central|zona sur|zona norte|pacifico central',
  ].flatMap((line) => line.split('|')),
);

/**
 * The voice for a place. 'San José' alone is Costa Rica's; 'San José, California' is not. A place that is not known, like no place at all,
 * has the voice of the country given, when there is one: 'CR' speaks voseo.
 */
export function voiceFor(language: Language, place: string | null, country?: string): Voice {
  if (language === 'en') return 'english';
  if (place !== null) {
    const parts = place.split(/,|\/|\s(?:y|e|o|and|or)\s/u).map((part) => fold(part).replace(/^(?:provincia|canton|ciudad) de /, ''));
    if (parts.some((part) => /\bcosta rica\b|\btic[oa]s?\b/.test(part))) return 'voseo';
    return parts.every((part) => COSTA_RICA.has(part)) ? 'voseo' : 'neutral';
  }
  return country === 'CR' ? 'voseo' : 'neutral';
}

/** Infinitive, present of tú, imperative of tú. A form marked * is also a noun, an adjective or another person. */
const IRREGULAR: readonly (readonly [string, string, string])[] = [
  ['tener', 'tienes', 'ten'],
  ['venir', 'vienes', 'ven'],
  ['poner', 'pones', 'pon*'],
  ['salir', 'sales*', 'sal*'],
  ['hacer', 'haces', 'haz'],
  ['decir', 'dices', 'di*'],
  ['poder', 'puedes', ''],
  ['querer', 'quieres', 'quiere*'],
  ['saber', 'sabes', ''],
  ['conocer', 'conoces', 'conoce*'],
  ['ofrecer', 'ofreces', 'ofrece*'],
  ['merecer', 'mereces', ''],
  ['empezar', 'empiezas', 'empieza*'],
  ['comenzar', 'comienzas', 'comienza*'],
  ['pensar', 'piensas', 'piensa*'],
  ['probar', 'pruebas*', 'prueba*'],
  ['encontrar', 'encuentras', 'encuentra*'],
  ['contar', 'cuentas*', 'cuenta*'],
  ['recordar', 'recuerdas', 'recuerda*'],
  ['mostrar', 'muestras*', 'muestra*'],
  ['volver', 'vuelves', 'vuelve*'],
  ['mover', 'mueves', 'mueve*'],
  ['jugar', 'juegas', 'juega*'],
  ['entender', 'entiendes', 'entiende*'],
  ['encender', 'enciendes', 'enciende*'],
  ['perder', 'pierdes', 'pierde*'],
  ['sentir', 'sientes', 'siente*'],
  ['preferir', 'prefieres', 'prefiere*'],
  ['divertir', 'diviertes', 'divierte*'],
  ['pedir', 'pides', 'pide*'],
  ['elegir', 'eliges', 'elige*'],
  ['seguir', 'sigues', 'sigue*'],
  ['conseguir', 'consigues', 'consigue*'],
  ['vestir', 'vistes*', 'viste*'],
  ['servir', 'sirves', 'sirve*'],
  ['dormir', 'duermes', 'duerme*'],
  ['construir', 'construyes', 'construye*'],
  ['incluir', 'incluyes', 'incluye*'],
  ['traer', 'traes', 'trae*'],
  ['despertar', 'despiertas', 'despierta*'],
  ['dar', '', 'da*'],
  ['ver', '', 've*'],
];

/** Verbs of advertising whose forms are regular. A mark * says that the present of tú is a noun in the plural as well ("tus compras"). */
const REGULAR = (
  'activar adquirir! ahorrar amar animar aprender aprovechar arreglar atrever ayudar* bailar bajar* beber brillar buscar cambiar caminar celebrar ' +
  'cocinar combinar comer comparar* compartir completar comprar* comprender confiar consultar* contactar coordinar correr crear crecer* cuidar ' +
  'dejar descargar* descubrir desear disfrutar entrar* entregar* entrenar enviar escoger escribir escuchar esperar* estrenar estudiar explorar ganar* ' +
  'gastar* gozar guardar* hablar imaginar inscribir invertir! invitar leer levantar llamar* llegar llevar lograr lucir mejorar* mirar* necesitar ' +
  'ordenar* organizar pagar* participar pasar pasear planear preguntar* preparar quedar recibir recorrer reír! regalar registrar relajar ' +
  'renovar! reservar* respirar revisar soñar! subir sumar* sorprender suscribir tomar* trabajar transformar unir usar vender viajar visitar* vivir'
)
  .split(' ')
  .filter((verb) => !verb.endsWith('!'))
  .map((verb) => ({ infinitive: verb.replace('*', ''), isNoun: verb.endsWith('*') }));

type Verb = {
  readonly infinitive: string;
  readonly present: string;
  readonly presentIsNoun: boolean;
  readonly imperative: string;
  /** The imperative is also something else, so its place in the sentence decides. */
  readonly imperativeIsOther: boolean;
};

const VERBS: readonly Verb[] = [
  ...IRREGULAR.map(([infinitive, present, imperative]) => ({
    infinitive,
    present: present.replace('*', ''),
    presentIsNoun: present.endsWith('*'),
    imperative: imperative.replace('*', ''),
    imperativeIsOther: imperative.endsWith('*'),
  })),
  ...REGULAR.map(({ infinitive, isNoun }) => {
    const stem = infinitive.slice(0, -2);
    const vowel = infinitive.endsWith('ar') ? 'a' : 'e';
    return { infinitive, present: `${stem}${vowel}s`, presentIsNoun: isNoun, imperative: `${stem}${vowel}`, imperativeIsOther: true };
  }),
];

const ACUTE: Readonly<Record<string, string>> = { a: 'á', e: 'é', i: 'í' };
const CLITICS = ['te', 'nos', 'me', 'lo', 'la', 'los', 'las', 'le', 'les', 'telo', 'tela', 'noslo', 'melo', 'mela', 'selo'];

/** vos tenés, vos comprás, vos vivís. */
const vosPresent = (infinitive: string): string => `${infinitive.slice(0, -2)}${ACUTE[infinitive.at(-2) ?? ''] ?? ''}s`;
/** tené, comprá, viví. */
const vosImperative = (infinitive: string): string => `${infinitive.slice(0, -2)}${ACUTE[infinitive.at(-2) ?? ''] ?? ''}`;
/** comprate, escribinos: with one pronoun the stress needs no mark. */
const vosWithClitic = (infinitive: string, clitic: string): string => {
  const isShort = /^(?:te|nos|me|l[aeo]s?)$/.test(clitic);
  return isShort ? `${infinitive.slice(0, -1)}${clitic}` : `${vosImperative(infinitive)}${clitic}`;
};

type Form = { readonly instead: string; readonly rule: 'always' | 'after a subject' | 'as a command'; readonly form: VoiceFinding['form'] };

/** Forms by how they are written in lower case. */
const TUTEO = new Map<string, Form>([
  ['tú', { instead: 'vos', rule: 'always', form: 'tuteo' }],
  ['ti', { instead: 'vos', rule: 'always', form: 'tuteo' }],
  ['contigo', { instead: 'con vos', rule: 'always', form: 'tuteo' }],
  ['eres', { instead: 'sos', rule: 'always', form: 'tuteo' }],
]);
const VOSEO = new Map<string, Form>([
  ['vos', { instead: 'tú', rule: 'always', form: 'voseo' }],
  ['sos', { instead: 'eres', rule: 'always', form: 'voseo' }],
  ['andá', { instead: 've', rule: 'as a command', form: 'voseo' }],
]);
/** Folded command with pronouns: how vos says it, how tú does. */
const WITH_CLITIC = new Map<string, { readonly vos: string; readonly tu: string }>();

for (const { infinitive, present, presentIsNoun, imperative, imperativeIsOther } of VERBS) {
  const vos = vosPresent(infinitive);
  const command = vosImperative(infinitive);
  if (present !== '') {
    TUTEO.set(present, { instead: vos, rule: presentIsNoun ? 'after a subject' : 'always', form: 'tuteo' });
    VOSEO.set(vos, { instead: present, rule: 'always', form: 'voseo' });
  }
  if (imperative === '') continue;
  TUTEO.set(imperative, { instead: command, rule: imperativeIsOther ? 'as a command' : 'always', form: 'tuteo' });
  // "viví" and "descubrí" are also what I did; "comprá" and "tené" are nothing else.
  VOSEO.set(command, { instead: imperative, rule: infinitive.endsWith('ir') ? 'as a command' : 'always', form: 'voseo' });
  for (const clitic of CLITICS) {
    const withClitic = stressed(imperative, clitic);
    const vosForm = vosWithClitic(infinitive, clitic);
    for (const form of [withClitic, vosForm]) WITH_CLITIC.set(fold(form), { vos: vosForm, tu: withClitic });
  }
}
TUTEO.delete('sal');

/** "cómpralo", "escríbenos": the mark that tú needs; monosyllables need none with one pronoun ("hazlo", "ponte"). */
function stressed(imperative: string, clitic: string): string {
  const vowels = [...imperative.matchAll(/[aeiouáéíóú]+/g)];
  const isLong = !/^(?:te|nos|me|l[aeo]s?)$/.test(clitic);
  const group = vowels.at(vowels.length > 1 ? -2 : -1);
  if (group === undefined || (vowels.length === 1 && !isLong)) return imperative + clitic;
  const letters = group[0];
  const strong = Math.max(letters.search(/[aeo]/), 0);
  const at = group.index + strong;
  const mark: Readonly<Record<string, string>> = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú' };
  return `${imperative.slice(0, at)}${mark[imperative[at] ?? ''] ?? imperative[at]}${imperative.slice(at + 1)}${clitic}`;
}

/** What stands before a verb of the second person, and not before a noun in the plural. */
const BEFORE_VERB = new Set('tu si cuando que donde mientras no te ya siempre nunca hoy ahora cuanto mas solo tambien por como'.split(' '));
/** What follows a command, and not the noun written like it ("visita guiada"). */
const AFTER_COMMAND = new Set(
  (
    'el la los las lo un una unos unas tu tus su sus nuestro nuestra nuestros nuestras este esta estos estas ese esa eso esto ya hoy ahora aqui en con ' +
    'mas todo toda todos todas al del desde antes a online por para y como cada dos tres cuatro cinco gratis facil rapido mejor sin lo que algo de'
  ).split(' '),
);
/** Written like a command of tú, yet mostly not one even at the beginning of a sentence unless such a word follows. */
const MOSTLY_NOUN = new Set(
  VERBS.filter(({ presentIsNoun }) => presentIsNoun)
    .map(({ imperative }) => imperative)
    .concat([
      'crea',
      'usa',
      'cambia',
      'une',
      've',
      'da',
      'di',
      'pon',
      'sal',
      'viste',
      'deja',
      'ama',
      'lleva',
      'pasa',
      'vive',
      'sube',
      'come',
      'lee',
    ]),
);

/** Written as pronouns or commands with pronouns are, yet nouns or adjectives. */
const NOT_A_VERB = new Set(['dale']);

/**
 * The forms of a text that are not of its voice, in the order in which they stand. Nothing is rewritten: who wrote the text decides. The lists are
 * closed, of the verbs advertising uses; a form outside them is not found. Subjunctive, past and future are the same in Costa Rica as elsewhere.
 */
export function voiceFindings(written: string, voice: Voice): readonly VoiceFinding[] {
  if (voice === 'english') return [];
  const [wrong, right] = voice === 'voseo' ? [TUTEO, VOSEO] : [VOSEO, TUTEO];
  const text = written.normalize('NFC');
  const findings: VoiceFinding[] = [];
  const words = [...text.matchAll(/[\p{L}\p{M}]+/gu)];
  // Where the reader was last spoken to: what follows a comma or "y" in the same sentence goes on doing so.
  let addressedAt: number | undefined;
  for (const [order, { 0: found, index }] of words.entries()) {
    const word = found.toLocaleLowerCase('es');
    // A hashtag or an address speaks to nobody.
    if (/[#@/._-]/.test(text[index - 1] ?? '')) continue;
    const place: Place = {
      before: withoutAccents(words[order - 1]?.[0] ?? ''),
      after: withoutAccents(words[order + 1]?.[0] ?? ''),
      begins: begins(text, index, addressedAt),
    };
    const finding = findingOf(found, word, voice, place, wrong);
    if (finding !== undefined) findings.push(finding);
    const rightForm = right.get(word);
    if (finding !== undefined || (rightForm !== undefined && applies(rightForm, word, place))) addressedAt = index;
  }
  return findings;
}

function findingOf(found: string, word: string, voice: Voice, place: Place, wrong: ReadonlyMap<string, Form>): VoiceFinding | undefined {
  if (isVosotros(word)) return { found, instead: undefined, form: 'vosotros' };
  const form = wrong.get(word);
  if (form === undefined) return cliticFinding(found, word, voice);
  return applies(form, word, place) ? { found, instead: form.instead, form: form.form } : undefined;
}

/** Whether a word begins a sentence, or a clause of a sentence that speaks to the reader. */
function begins(text: string, index: number, addressedAt: number | undefined): boolean {
  const before = text.slice(0, index).trimEnd();
  if (before === '' || /[^\p{L}\p{N},"'«“%$₡()]$/u.test(before)) return true;
  const goesOn = /,$|(?:^|[^\p{L}])[yeo]$/iu.test(before);
  return goesOn && addressedAt !== undefined && !/[.!?…\n]/.test(text.slice(addressedAt, index));
}

type Place = { readonly before: string; readonly after: string; readonly begins: boolean };

function applies({ rule, form }: Form, word: string, { before, after, begins: first }: Place): boolean {
  switch (rule) {
    case 'always':
      return true;
    case 'after a subject':
      return BEFORE_VERB.has(before);
    case 'as a command':
      if (!first) return false;
      return form === 'voseo' || !MOSTLY_NOUN.has(word) || AFTER_COMMAND.has(after);
  }
}

/** "cómpralo" is tú's, "compralo" is vos's: only the mark differs. "escríbenos" and "escribinos" differ in a letter. */
function cliticFinding(found: string, word: string, voice: Voice): VoiceFinding | undefined {
  const forms = WITH_CLITIC.get(fold(word));
  if (forms === undefined || NOT_A_VERB.has(word) || forms.tu === forms.vos) return undefined;
  const isTu = fold(forms.tu) === fold(forms.vos) ? word === forms.tu : fold(word) === fold(forms.tu);
  if (voice === 'voseo') return isTu ? { found, instead: forms.vos, form: 'tuteo' } : undefined;
  return isTu ? undefined : { found, instead: forms.tu, form: 'voseo' };
}

/** vosotros, vuestro, os, and verbs in -áis and -éis. */
function isVosotros(word: string): boolean {
  return /^(?:vosotr[oa]s|vuestr[oa]s?|os)$/.test(word) || (/(?:áis|éis)$/.test(word) && !/(?:dieciséis|veintiséis)$/.test(word));
}

/** What a writer is told about the voice. */
export function voiceRule(voice: Voice, language: Language): string {
  const es = language === 'es';
  switch (voice) {
    case 'voseo':
      return es
        ? 'Trate a quien lee de vos, como en Costa Rica: tenés, podés, descubrí, aprovechá, escribinos. Nada de tú, ti, tienes, puedes, descubre, escríbenos. Usted también vale.'
        : 'Address the reader as vos, as in Costa Rica: tenés, podés, descubrí, aprovechá, escribinos. No tú, ti, tienes, puedes, descubre, escríbenos. Usted is right too.';
    case 'neutral':
      return es
        ? 'Use español neutro, de tú o de usted: ni vos (tenés, descubrí) ni vosotros (tenéis, vuestro).'
        : 'Write neutral Spanish with tú or usted: neither vos (tenés, descubrí) nor vosotros (tenéis, vuestro).';
    case 'english':
      return es ? 'Escriba en inglés sencillo.' : 'Write plain English.';
  }
}
