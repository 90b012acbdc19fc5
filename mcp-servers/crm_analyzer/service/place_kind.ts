import type { EntityKind } from '../../../shared/domain/entity_resolution.ts';
import type { Place } from '../repo/places.ts';

const english = new Intl.DisplayNames(['en'], { type: 'region' });

/** 'San José, San José, Costa Rica'. */
export const placeName = ({ name, region, country }: Place): string => `${name}, ${region}, ${country}`;

/** How a city is found from what the caller wrote: by name, alone or with its region or country beside it ('León, España', 'Leon, Spain'). */
export const PLACE_KIND: EntityKind<Place> = {
  noun: 'place',
  idOf: ({ cityId }) => String(cityId),
  nameOf: ({ name }) => name,
  qualifierOf: ({ region, country, countryCode }) => `${region} ${country} ${english.of(countryCode) ?? ''} ${countryCode}`,
  qualifierNoun: 'region or country',
  describe: ({ cityId, name, region, country }) => ({ cityId: String(cityId), name, region, country }),
  compare: (one, other) => one.country.localeCompare(other.country, 'es') || one.cityId - other.cityId,
};
