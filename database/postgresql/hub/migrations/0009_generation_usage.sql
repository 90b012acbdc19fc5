-- What generation took: the facts of PromptContent's logs_campanas and bitacora_solicitudes. Not their texts.
-- day: in the business time zone, as whoever wrote the record saw it. cost_usd: exact; a token costs as little as 0.00000002.

CREATE TABLE content.generation_logs (           -- messages written for a campaign
  log_id         text PRIMARY KEY,
  client_id      text NOT NULL,
  campaign_id    text NOT NULL,
  day            date NOT NULL,
  generated_at   timestamptz NOT NULL,
  tool           text NOT NULL,
  caller         text NOT NULL,
  model          text NOT NULL,
  prompt_version text NOT NULL,
  language       text NOT NULL,
  channel        text,
  populations    bigint NOT NULL,
  messages       bigint NOT NULL,
  tokens         bigint NOT NULL,
  cost_usd       numeric(20,12) NOT NULL,
  duration_ms    bigint NOT NULL
);
CREATE INDEX generation_logs_client ON content.generation_logs (client_id, day);
CREATE INDEX generation_logs_caller ON content.generation_logs (caller, day);

CREATE TABLE content.outside_requests (          -- requests to outside services, failed ones too: what was paid for
  request_id   text PRIMARY KEY,
  service      text NOT NULL,
  client_id    text,                             -- null: for nobody in particular, such as indexing
  campaign_id  text,
  day          date NOT NULL,
  requested_at timestamptz NOT NULL,
  tool         text NOT NULL,
  caller       text NOT NULL,
  result       text NOT NULL,                    -- 'ok', or the class of what went wrong
  tokens       bigint NOT NULL,
  cost_usd     numeric(20,12) NOT NULL,
  duration_ms  bigint NOT NULL
);
CREATE INDEX outside_requests_client ON content.outside_requests (client_id, day);
CREATE INDEX outside_requests_caller ON content.outside_requests (caller, day);

GRANT SELECT ON content.generation_logs, content.outside_requests TO promptsales_read, marketing;
GRANT SELECT, INSERT, UPDATE, DELETE ON content.generation_logs, content.outside_requests TO promptsales_etl;
GRANT ALL ON content.generation_logs, content.outside_requests TO promptsales_admin;
