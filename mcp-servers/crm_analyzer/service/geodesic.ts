/** A point on the ellipsoid, in degrees: north and east are positive. */
export type Point = { readonly latitude: number; readonly longitude: number };

/** An ellipsoid of revolution: equatorial radius in metres, and flattening. */
export type Ellipsoid = { readonly radius: number; readonly flattening: number };

export const WGS84: Ellipsoid = { radius: 6_378_137, flattening: 1 / 298.257223563 };

/** What Vincenty's series leaves out, told with the answers: half a millimetre. */
export const GEODESIC_ERROR = '0.5 mm';

const MOST_ROUNDS = 200;
const CLOSE_ENOUGH = 1e-12;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * The length in metres of the shortest line between two points on the ellipsoid, to within 0.5 mm: the inverse formula of T. Vincenty, "Direct and
 * inverse solutions of geodesics on the ellipsoid with application of nested equations", Survey Review XXIII 176 (1975).
 * Throws RangeError for nearly opposite points of the Earth, where the iteration does not end.
 */
export function geodesicDistance(from: Point, to: Point, { radius, flattening }: Ellipsoid = WGS84): number {
  const polarRadius = radius * (1 - flattening);
  // Reduced latitudes.
  const u1 = Math.atan((1 - flattening) * Math.tan(radians(from.latitude)));
  const u2 = Math.atan((1 - flattening) * Math.tan(radians(to.latitude)));
  const [sinU1, cosU1, sinU2, cosU2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  // The shorter way round.
  const apart = radians(((((to.longitude - from.longitude + 180) % 360) + 360) % 360) - 180);
  let lambda = apart;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const [sinLambda, cosLambda] = [Math.sin(lambda), Math.cos(lambda)];
    const sinSigma = Math.hypot(cosU2 * sinLambda, cosU1 * sinU2 - sinU1 * cosU2 * cosLambda);
    if (sinSigma === 0) return 0;
    const cosSigma = sinU1 * sinU2 + cosU1 * cosU2 * cosLambda;
    const sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (cosU1 * cosU2 * sinLambda) / sinSigma;
    const cosSquaredAlpha = 1 - sinAlpha ** 2;
    // Along the equator there is no midpoint above it.
    const cosMiddle = cosSquaredAlpha < 1e-15 ? 0 : cosSigma - (2 * sinU1 * sinU2) / cosSquaredAlpha;
    const c = (flattening / 16) * cosSquaredAlpha * (4 + flattening * (4 - 3 * cosSquaredAlpha));
    const next = apart + (1 - c) * flattening * sinAlpha * (sigma + c * sinSigma * (cosMiddle + c * cosSigma * (-1 + 2 * cosMiddle ** 2)));
    if (Math.abs(next) > Math.PI + 1e-9) break;
    if (Math.abs(next - lambda) < CLOSE_ENOUGH) {
      const squared = (cosSquaredAlpha * (radius ** 2 - polarRadius ** 2)) / polarRadius ** 2;
      const a = 1 + (squared / 16_384) * (4_096 + squared * (-768 + squared * (320 - 175 * squared)));
      const b = (squared / 1_024) * (256 + squared * (-128 + squared * (74 - 47 * squared)));
      const lessSigma =
        b *
        sinSigma *
        (cosMiddle +
          (b / 4) * (cosSigma * (-1 + 2 * cosMiddle ** 2) - (b / 6) * cosMiddle * (-3 + 4 * sinSigma ** 2) * (-3 + 4 * cosMiddle ** 2)));
      return polarRadius * a * (sigma - lessSigma);
    }
    lambda = next;
  }
  throw new RangeError('the points lie opposite each other on the Earth');
}
