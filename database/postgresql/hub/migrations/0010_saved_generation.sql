-- What answers from the cache saved, and costs that are not known: a model without a price leaves a cost that is "at least" so much.
ALTER TABLE content.outside_requests
  ADD COLUMN saved_tokens   bigint         NOT NULL DEFAULT 0,     -- of result 'from_cache': nothing was sent, nothing was paid
  ADD COLUMN saved_cost_usd numeric(20,12) NOT NULL DEFAULT 0,
  ADD COLUMN cost_known     boolean        NOT NULL DEFAULT true;  -- false: cost_usd, or of 'from_cache' saved_cost_usd, is a part
COMMENT ON COLUMN content.outside_requests.result IS '''ok'', ''from_cache'', or the class of what went wrong';
