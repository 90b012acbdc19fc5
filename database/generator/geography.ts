import type { History } from './calendar.ts';
import { randomStream } from './random.ts';

export type Country = {
  readonly code: string;
  readonly name: string;
  readonly currency: string;
  /** Units of the currency for one USD at the history's beginning. */
  readonly exchangeRate: number;
  /** Standard deviation of the rate's daily change, of its logarithm. */
  readonly exchangeVolatility: number;
  /** Decimals that prices in the currency are quoted with. */
  readonly priceDecimals: 0 | 2;
  /** Share of business done there. */
  readonly weight: number;
  /** Price of advertising against Costa Rica's. */
  readonly mediaPrice: number;
  readonly demonym: string;
};

/** The countries served; Costa Rica is the home market. Rates of late 2024. */
export const COUNTRIES: readonly Country[] = [
  {
    code: 'CR',
    name: 'Costa Rica',
    currency: 'CRC',
    exchangeRate: 519,
    exchangeVolatility: 0.0022,
    priceDecimals: 0,
    weight: 0.34,
    mediaPrice: 1,
    demonym: 'costarricense',
  },
  {
    code: 'MX',
    name: 'México',
    currency: 'MXN',
    exchangeRate: 19.4,
    exchangeVolatility: 0.0055,
    priceDecimals: 2,
    weight: 0.19,
    mediaPrice: 0.92,
    demonym: 'mexicano',
  },
  {
    code: 'CO',
    name: 'Colombia',
    currency: 'COP',
    exchangeRate: 4190,
    exchangeVolatility: 0.0058,
    priceDecimals: 0,
    weight: 0.12,
    mediaPrice: 0.72,
    demonym: 'colombiano',
  },
  {
    code: 'GT',
    name: 'Guatemala',
    currency: 'GTQ',
    exchangeRate: 7.73,
    exchangeVolatility: 0.0006,
    priceDecimals: 2,
    weight: 0.09,
    mediaPrice: 0.7,
    demonym: 'guatemalteco',
  },
  {
    code: 'PA',
    name: 'Panamá',
    currency: 'USD',
    exchangeRate: 1,
    exchangeVolatility: 0,
    priceDecimals: 2,
    weight: 0.08,
    mediaPrice: 1.12,
    demonym: 'panameño',
  },
  {
    code: 'PE',
    name: 'Perú',
    currency: 'PEN',
    exchangeRate: 3.76,
    exchangeVolatility: 0.0028,
    priceDecimals: 2,
    weight: 0.06,
    mediaPrice: 0.74,
    demonym: 'peruano',
  },
  {
    code: 'CL',
    name: 'Chile',
    currency: 'CLP',
    exchangeRate: 930,
    exchangeVolatility: 0.0056,
    priceDecimals: 0,
    weight: 0.05,
    mediaPrice: 1.18,
    demonym: 'chileno',
  },
  {
    code: 'EC',
    name: 'Ecuador',
    currency: 'USD',
    exchangeRate: 1,
    exchangeVolatility: 0,
    priceDecimals: 2,
    weight: 0.04,
    mediaPrice: 0.76,
    demonym: 'ecuatoriano',
  },
  {
    code: 'ES',
    name: 'España',
    currency: 'EUR',
    exchangeRate: 0.915,
    exchangeVolatility: 0.0038,
    priceDecimals: 2,
    weight: 0.03,
    mediaPrice: 1.7,
    demonym: 'español',
  },
];

export type City = {
  readonly cityId: number;
  readonly name: string;
  readonly region: string;
  /** Index in {@link COUNTRIES}. */
  readonly country: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly population: number;
};

// name, province or state or department, latitude, longitude, population (of the municipality or the urban area, rounded).
const GAZETTEER: Readonly<Record<string, readonly (readonly [string, string, number, number, number])[]>> = {
  CR: [
    ['San José', 'San José', 9.9281, -84.0907, 352_000],
    ['Alajuela', 'Alajuela', 10.0163, -84.2116, 322_000],
    ['Desamparados', 'San José', 9.8968, -84.0629, 246_000],
    ['Cartago', 'Cartago', 9.8638, -83.9162, 165_000],
    ['Heredia', 'Heredia', 9.9985, -84.1165, 145_000],
    ['Goicoechea', 'San José', 9.9516, -84.0529, 138_000],
    ['Pococí', 'Limón', 10.2157, -83.7862, 152_000],
    ['San Carlos', 'Alajuela', 10.3238, -84.4271, 198_000],
    ['Pérez Zeledón', 'San José', 9.3733, -83.7029, 151_000],
    ['Puntarenas', 'Puntarenas', 9.9763, -84.8384, 141_000],
    ['Limón', 'Limón', 9.9907, -83.0359, 102_000],
    ['La Unión', 'Cartago', 9.9094, -83.9856, 113_000],
    ['Curridabat', 'San José', 9.9116, -84.0348, 80_000],
    ['Escazú', 'San José', 9.9189, -84.1399, 72_000],
    ['Santa Ana', 'San José', 9.9326, -84.1826, 61_000],
    ['Tibás', 'San José', 9.9576, -84.0796, 85_000],
    ['Liberia', 'Guanacaste', 10.635, -85.4377, 78_000],
    ['Nicoya', 'Guanacaste', 10.1483, -85.452, 57_000],
    ['Santa Cruz', 'Guanacaste', 10.2604, -85.5852, 66_000],
    ['Grecia', 'Alajuela', 10.0739, -84.3112, 92_000],
    ['Turrialba', 'Cartago', 9.9047, -83.6833, 74_000],
    ['Garabito', 'Puntarenas', 9.6147, -84.6285, 27_000],
    ['Quepos', 'Puntarenas', 9.4319, -84.1617, 33_000],
    ['Golfito', 'Puntarenas', 8.6391, -83.1661, 44_000],
  ],
  MX: [
    ['Ciudad de México', 'Ciudad de México', 19.4326, -99.1332, 9_209_000],
    ['Guadalajara', 'Jalisco', 20.6597, -103.3496, 1_385_000],
    ['Zapopan', 'Jalisco', 20.7236, -103.3848, 1_476_000],
    ['Monterrey', 'Nuevo León', 25.6866, -100.3161, 1_143_000],
    ['Puebla', 'Puebla', 19.0414, -98.2063, 1_692_000],
    ['Tijuana', 'Baja California', 32.5149, -117.0382, 1_923_000],
    ['León', 'Guanajuato', 21.125, -101.686, 1_721_000],
    ['Querétaro', 'Querétaro', 20.5888, -100.3899, 1_050_000],
    ['Mérida', 'Yucatán', 20.9674, -89.5926, 995_000],
    ['Cancún', 'Quintana Roo', 21.1619, -86.8515, 889_000],
    ['Chihuahua', 'Chihuahua', 28.6353, -106.0889, 938_000],
    ['San Luis Potosí', 'San Luis Potosí', 22.1565, -100.9855, 912_000],
    ['Aguascalientes', 'Aguascalientes', 21.8853, -102.2916, 949_000],
    ['Hermosillo', 'Sonora', 29.0729, -110.9559, 936_000],
    ['Veracruz', 'Veracruz', 19.1738, -96.1342, 607_000],
    ['Oaxaca de Juárez', 'Oaxaca', 17.0732, -96.7266, 271_000],
  ],
  CO: [
    ['Bogotá', 'Bogotá D. C.', 4.711, -74.0721, 7_907_000],
    ['Medellín', 'Antioquia', 6.2442, -75.5812, 2_612_000],
    ['Cali', 'Valle del Cauca', 3.4516, -76.532, 2_280_000],
    ['Barranquilla', 'Atlántico', 10.9685, -74.7813, 1_327_000],
    ['Cartagena de Indias', 'Bolívar', 10.391, -75.4794, 1_060_000],
    ['Bucaramanga', 'Santander', 7.1193, -73.1227, 614_000],
    ['Cúcuta', 'Norte de Santander', 7.8939, -72.5078, 795_000],
    ['Pereira', 'Risaralda', 4.8133, -75.6961, 482_000],
    ['Santa Marta', 'Magdalena', 11.2408, -74.199, 556_000],
    ['Manizales', 'Caldas', 5.0689, -75.5174, 459_000],
    ['Ibagué', 'Tolima', 4.4389, -75.2322, 546_000],
    ['Villavicencio', 'Meta', 4.142, -73.6266, 559_000],
  ],
  GT: [
    ['Ciudad de Guatemala', 'Guatemala', 14.6349, -90.5069, 1_221_000],
    ['Mixco', 'Guatemala', 14.6308, -90.6071, 517_000],
    ['Villa Nueva', 'Guatemala', 14.5269, -90.5875, 472_000],
    ['Quetzaltenango', 'Quetzaltenango', 14.8347, -91.5181, 207_000],
    ['Escuintla', 'Escuintla', 14.305, -90.785, 176_000],
    ['Cobán', 'Alta Verapaz', 15.4708, -90.3711, 236_000],
    ['Antigua Guatemala', 'Sacatepéquez', 14.5586, -90.7295, 47_000],
    ['Huehuetenango', 'Huehuetenango', 15.3197, -91.4714, 132_000],
  ],
  PA: [
    ['Ciudad de Panamá', 'Panamá', 8.9824, -79.5199, 1_086_000],
    ['San Miguelito', 'Panamá', 9.0503, -79.4714, 353_000],
    ['La Chorrera', 'Panamá Oeste', 8.8803, -79.7833, 258_000],
    ['Arraiján', 'Panamá Oeste', 8.9519, -79.6614, 297_000],
    ['David', 'Chiriquí', 8.4273, -82.4308, 156_000],
    ['Colón', 'Colón', 9.3592, -79.9014, 233_000],
    ['Santiago de Veraguas', 'Veraguas', 8.1004, -80.9833, 109_000],
    ['Chitré', 'Herrera', 7.9667, -80.4333, 60_000],
  ],
  PE: [
    ['Lima', 'Lima', -12.0464, -77.0428, 10_004_000],
    ['Arequipa', 'Arequipa', -16.409, -71.5375, 1_175_000],
    ['Trujillo', 'La Libertad', -8.1091, -79.0215, 1_049_000],
    ['Chiclayo', 'Lambayeque', -6.7714, -79.8409, 618_000],
    ['Piura', 'Piura', -5.1945, -80.6328, 558_000],
    ['Cusco', 'Cusco', -13.532, -71.9675, 475_000],
    ['Huancayo', 'Junín', -12.0651, -75.2049, 514_000],
    ['Iquitos', 'Loreto', -3.7437, -73.2516, 492_000],
    ['Tacna', 'Tacna', -18.0066, -70.2463, 329_000],
  ],
  CL: [
    ['Santiago', 'Región Metropolitana', -33.4489, -70.6693, 6_903_000],
    ['Valparaíso', 'Valparaíso', -33.0472, -71.6127, 315_000],
    ['Viña del Mar', 'Valparaíso', -33.0153, -71.55, 356_000],
    ['Concepción', 'Biobío', -36.8201, -73.0444, 244_000],
    ['Antofagasta', 'Antofagasta', -23.6509, -70.3975, 412_000],
    ['La Serena', 'Coquimbo', -29.9027, -71.2519, 249_000],
    ['Temuco', 'La Araucanía', -38.7359, -72.5904, 303_000],
    ['Puerto Montt', 'Los Lagos', -41.4693, -72.9424, 275_000],
    ['Rancagua', "O'Higgins", -34.1708, -70.7444, 264_000],
  ],
  EC: [
    ['Guayaquil', 'Guayas', -2.1894, -79.8891, 2_747_000],
    ['Quito', 'Pichincha', -0.1807, -78.4678, 2_679_000],
    ['Cuenca', 'Azuay', -2.9001, -79.0059, 596_000],
    ['Santo Domingo', 'Santo Domingo de los Tsáchilas', -0.253, -79.1754, 441_000],
    ['Manta', 'Manabí', -0.9677, -80.7089, 258_000],
    ['Portoviejo', 'Manabí', -1.0546, -80.4545, 322_000],
    ['Ambato', 'Tungurahua', -1.2491, -78.6168, 370_000],
    ['Machala', 'El Oro', -3.2581, -79.9554, 306_000],
  ],
  ES: [
    ['Madrid', 'Comunidad de Madrid', 40.4168, -3.7038, 3_332_000],
    ['Barcelona', 'Cataluña', 41.3874, 2.1686, 1_660_000],
    ['Valencia', 'Comunidad Valenciana', 39.4699, -0.3763, 807_000],
    ['Sevilla', 'Andalucía', 37.3891, -5.9845, 684_000],
    ['Zaragoza', 'Aragón', 41.6488, -0.8891, 682_000],
    ['Málaga', 'Andalucía', 36.7213, -4.4214, 586_000],
    ['Bilbao', 'País Vasco', 43.263, -2.935, 346_000],
    ['Palma', 'Islas Baleares', 39.5696, 2.6502, 423_000],
  ],
};

/** All cities, ids from 1, grouped by country in the order of {@link COUNTRIES}. */
export const CITIES: readonly City[] = COUNTRIES.flatMap((country, index) =>
  (GAZETTEER[country.code] ?? []).map(([name, region, latitude, longitude, population]) => ({
    name,
    region,
    country: index,
    latitude,
    longitude,
    population,
  })),
).map((city, index) => ({ cityId: index + 1, ...city }));

/** Indexes in {@link CITIES} of each country's cities, largest first. */
export const CITIES_OF_COUNTRY: readonly (readonly number[])[] = COUNTRIES.map((_, country) =>
  CITIES.flatMap((city, index) => (city.country === country ? [index] : [])).sort((one, other) => populationOf(other) - populationOf(one)),
);

/**
 * How many people a city has within reach of advertising, against a city of 100,000. The square root: in a metropolis a larger share is
 * beyond any one shop's reach.
 */
export const CITY_AUDIENCE: Float64Array = Float64Array.from(CITIES, (city) => Math.sqrt(city.population / 100_000));

/**
 * Exchange rates by country and day, in millionths of the currency for one USD: a random walk held loosely around its starting point
 * (Ornstein and Uhlenbeck), 1 for countries that use the dollar.
 */
export function exchangeRates(seed: number, history: History): readonly Float64Array[] {
  return COUNTRIES.map((country) => {
    const random = randomStream(seed, `exchange ${country.currency}`);
    const rates = new Float64Array(history.today + 1);
    let deviation = 0;
    for (let day = 0; day < rates.length; day++) {
      // Banks do not quote at weekends.
      const quoted = (history.weekday[day] as number) < 5;
      const change = random.normal() * country.exchangeVolatility;
      if (quoted) deviation = deviation * 0.995 + change;
      rates[day] = Math.round(country.exchangeRate * Math.exp(deviation) * 1_000_000);
    }
    return rates;
  });
}

function populationOf(city: number): number {
  return CITIES[city]?.population ?? 0;
}
