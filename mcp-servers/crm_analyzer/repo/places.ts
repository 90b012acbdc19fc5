import { countOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import { CANDIDATES_READ, type EntityLookup } from '../../../shared/domain/entity_resolution.ts';

/** A city of the gazetteer that all databases share. */
export type Place = {
  readonly cityId: number;
  readonly name: string;
  /** Province, state or department. */
  readonly region: string;
  readonly country: string;
  /** ISO 3166 alpha-2. */
  readonly countryCode: string;
  /** Of the centre, in degrees. */
  readonly latitude: number;
  readonly longitude: number;
};

const CITY = 'SELECT city_id, name, region, country, country_code, latitude::text, longitude::text FROM crm.cities';

const BY_ID: Statement = { name: 'city_by_id', text: `${CITY} WHERE city_id = $1` };

const BY_NAME: Statement = {
  name: 'cities_by_name',
  text: `${CITY} WHERE business.fold(name) = business.fold($1) ORDER BY city_id LIMIT ${CANDIDATES_READ}`,
};

// A hundred or so names: all are weighed. The longer the text is beside the name ('San José, Costa Rica'), the less similar() says.
const SIMILAR: Statement = {
  name: 'cities_by_similar_name',
  text: `
  WITH asked AS MATERIALIZED (SELECT business.fold($1) AS folded)
  SELECT c.city_id, c.name, c.region, c.country, c.country_code, c.latitude::text, c.longitude::text
    FROM asked a, crm.cities c
   ORDER BY greatest(word_similarity(a.folded, business.fold(c.name)), word_similarity(business.fold(c.name), a.folded)) DESC,
            similarity(business.fold(c.name || ' ' || c.region || ' ' || c.country), a.folded) DESC, c.city_id
   LIMIT $2`,
};

/** Cities of the hub, found by id or name. */
export function openPlaces(hub: SqlDatabase): EntityLookup<Place> {
  return {
    byId: async (id, deadline) => (/^\d{1,9}$/.test(id) ? (await hub.rows(BY_ID, [Number(id)], toPlace, deadline))[0] : undefined),
    byName: (name, deadline) => hub.rows(BY_NAME, [name], toPlace, deadline),
    similar: (text, limit, deadline) => hub.rows(SIMILAR, [text, limit], toPlace, deadline),
  };
}

function toPlace(row: Row): Place {
  return {
    cityId: countOf(row, 'city_id'),
    name: textOf(row, 'name'),
    region: textOf(row, 'region'),
    country: textOf(row, 'country'),
    countryCode: textOf(row, 'country_code'),
    latitude: Number(textOf(row, 'latitude')),
    longitude: Number(textOf(row, 'longitude')),
  };
}
