import { fold, wordsOf } from '../../../shared/domain/fold.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Choice } from '../repo/catalogue.ts';

/** An entry of a short list, with the other names it goes by. */
export type NamedChoice = Choice & { readonly otherNames?: readonly string[] };

/**
 * Finds the entry that a text means: its id or one of its names, accents and case aside, else the only one with all its words.
 * Throws ToolError not_found or ambiguous, with the entries there are.
 */
export function choose(noun: string, asked: string, choices: readonly NamedChoice[]): Choice {
  const folded = fold(asked);
  const namesOf = ({ id, name, otherNames = [] }: NamedChoice): readonly string[] => [id, name, ...otherNames];
  const exact = choices.find((choice) => namesOf(choice).some((name) => fold(name) === folded));
  if (exact !== undefined) return exact;
  const words = wordsOf(asked);
  const containing =
    words.length === 0
      ? []
      : choices.filter((choice) => namesOf(choice).some((name) => words.every((word) => wordsOf(name).includes(word))));
  const [only, ...others] = containing;
  if (only !== undefined && others.length === 0) return only;
  const shown = `"${asked.slice(0, 60)}"`;
  if (only !== undefined) {
    throw new ToolError('ambiguous', `${shown} matches ${containing.length} ${noun.replace(/y$/, 'ie')}s.`, {
      remedy: 'Ask again with the id of the one that is meant.',
      candidates: containing.map(({ id, name }) => ({ id, name })),
    });
  }
  throw new ToolError('not_found', `There is no ${noun} ${shown}.`, {
    remedy: `There are: ${choices.map(({ id, name }) => `${name} (${id})`).join(', ')}.`,
  });
}

/** A country's names in English and Spanish beside the gazetteer's. */
export function withCountryNames(countries: readonly Choice[]): readonly NamedChoice[] {
  const languages = ['en', 'es'].map((language) => new Intl.DisplayNames([language], { type: 'region', fallback: 'none' }));
  return countries.map((country) => ({ ...country, otherNames: languages.flatMap((names) => regionName(names, country.id)) }));
}

function regionName(names: Intl.DisplayNames, code: string): readonly string[] {
  if (!/^[A-Z]{2}$/.test(code)) return [];
  const name = names.of(code);
  return name === undefined ? [] : [name];
}
