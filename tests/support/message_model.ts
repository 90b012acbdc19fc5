import type { GeneratedMessages } from '../../mcp-servers/content_generator/service/message_rules.ts';
import type { EndpointRequest } from './openai_endpoint.ts';

/** The prompt of a request as its parts: what is in each fenced block, by name. */
export function promptBlocks(request: EndpointRequest): Readonly<Record<string, string>> {
  const user = request.body.messages?.find(({ role }) => role === 'user')?.content ?? '';
  return Object.fromEntries(
    [...user.matchAll(/<(data-[0-9a-f]{32}) name="([a-z_]+)">\n([\s\S]*?)\n<\/\1>/g)].map(([, , name = '', text = '']) => [name, text]),
  );
}

/** Ids of the images that a prompt offers, in its order. */
export function offeredIds(request: EndpointRequest): readonly string[] {
  return (promptBlocks(request).images ?? '')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { readonly id: string }).id);
}

/** What the model writes: addressed to nobody in particular, so that no country finds it foreign. */
export const goodTexts = [
  'La semana empieza con un respiro: lo nuevo ya está en casa.',
  'Todo lo que hacía falta, por fin en un solo lugar.',
  'Un plan sencillo para compartir con la gente de siempre.',
];

/** Three messages as a model writes them that keeps all rules of Instagram and Facebook, about the population of the prompt. */
export function goodMessages(request: EndpointRequest): GeneratedMessages {
  const images = offeredIds(request);
  const { interests = [] } = JSON.parse(promptBlocks(request).population ?? '{}') as { readonly interests?: readonly string[] };
  return {
    messages: goodTexts.map((idea, index) => ({
      number: index + 1,
      headline: '',
      text: idea,
      tone: ['cercano', 'alegre', 'sereno'][index] ?? 'cercano',
      hashtags: [`#idea${index + 1}`, '#Novedades'],
      imageIds: images.slice(0, 1),
      reason: `Habla de lo que le interesa a esta población: ${interests.join(', ') || 'su día'}.`,
    })),
  };
}
