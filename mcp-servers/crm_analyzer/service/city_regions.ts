/** Where a city is. */
export type CityRegion = { readonly region: string; readonly country: string };

/** A region's name where there are several countries. */
export const regionName = (city: CityRegion | undefined): string => (city === undefined ? 'unknown' : `${city.region}, ${city.country}`);
