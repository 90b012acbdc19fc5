import { connectRedis } from '../../shared/cache/redis_connection.ts';
import { sampleWorld, someone } from './sample_pipeline.ts';

// Another process of the sample server: asks one question, whose work takes so long, and prints the result and how often it worked.
const [url = '', word = '', delayMs = '0'] = process.argv.slice(2);
const redis = await connectRedis(url);
const world = sampleWorld({ redis });
world.repos.asked.delayMs = Number(delayMs);
const { result } = await world.pipeline.call('repeat_word', { word }, someone);
process.stdout.write(`${JSON.stringify({ result, worked: world.repos.asked.count })}\n`);
await world.pipeline.close();
await redis.close();
