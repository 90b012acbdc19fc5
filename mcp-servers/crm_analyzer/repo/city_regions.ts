import { countOf, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import type { CityRegion } from '../service/city_regions.ts';

const CITIES: Statement = { name: 'crm_city_regions', text: 'SELECT city_id, region, country FROM crm.cities' };

/** The hub's cities by their numbers. */
export async function cityRegions(hub: SqlDatabase, deadline: Deadline): Promise<ReadonlyMap<number, CityRegion>> {
  const toCity = (row: Readonly<Record<string, unknown>>) =>
    [countOf(row, 'city_id'), { region: textOf(row, 'region'), country: textOf(row, 'country') }] as const;
  return new Map(await hub.rows(CITIES, [], toCity, deadline));
}
