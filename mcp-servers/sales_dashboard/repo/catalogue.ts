import { textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';

/** An entry of a short list that filters choose from. */
export type Choice = { readonly id: string; readonly name: string };

/** The short lists: all of each, in the order of their names. */
export type Catalogue = {
  readonly channels: (deadline: Deadline) => Promise<readonly Choice[]>;
  /** Countries of the gazetteer; the id is ISO 3166 alpha-2. */
  readonly countries: (deadline: Deadline) => Promise<readonly Choice[]>;
};

const CHANNELS: Statement = { name: 'channels', text: 'SELECT channel_id AS id, name FROM ads.channels ORDER BY name' };

const COUNTRIES: Statement = {
  name: 'countries',
  text: 'SELECT country_code AS id, min(country) AS name FROM crm.cities GROUP BY country_code ORDER BY min(country)',
};

export function openCatalogue(hub: SqlDatabase): Catalogue {
  const choices = (statement: Statement) => (deadline: Deadline) =>
    hub.rows(statement, [], (row): Choice => ({ id: textOf(row, 'id'), name: textOf(row, 'name') }), deadline);
  return { channels: choices(CHANNELS), countries: choices(COUNTRIES) };
}
