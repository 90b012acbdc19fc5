import { z } from 'zod';

const age = z.int().min(13).max(100).optional();

/** A population as a caller gives it: words, fields, or both; a field counts more than the words. No unions: some hosts refuse them. */
export const PopulationInput = z.strictObject({
  text: z.string().trim().max(300).optional().describe('In words: "hombres 30-45 en Heredia aficionados al ciclismo"'),
  ageMin: age,
  ageMax: age,
  sex: z.enum(['any', 'female', 'male']).optional(),
  interests: z.array(z.string().trim().min(1).max(60)).max(10).optional(),
  place: z.string().trim().max(80).optional(),
});
