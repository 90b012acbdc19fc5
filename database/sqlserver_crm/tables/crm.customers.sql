-- Who buys. What identifies a person from outside (e-mail, phone, document, date of birth) is stored under AES-256 only, each value bound to its row
-- by the customer's id as authenticator; *_hash are keyed hashes by which exactly that contact is found (crm.contact_hash). Written by
-- crm.save_customers, read in plain text through etl.identities and crm.read_customer_identity, and nowhere else. Times are UTC.
CREATE TABLE crm.customers (
  customer_id          bigint         NOT NULL CONSTRAINT pk_customers PRIMARY KEY,
  client_id            varchar(40)    COLLATE Latin1_General_100_BIN2 NOT NULL,      -- whose customer
  customer_type        varchar(10)    COLLATE Latin1_General_100_BIN2 NOT NULL
                                      CONSTRAINT ck_customers_customer_type CHECK (customer_type IN ('person', 'company')),
  first_name           nvarchar(160)  COLLATE Modern_Spanish_100_CI_AI NOT NULL,     -- a company's trade name when customer_type = 'company'
  last_name            nvarchar(160)  COLLATE Modern_Spanish_100_CI_AI NULL,
  email_encrypted      varbinary(640) NOT NULL,
  email_hash           binary(32)     NULL,                                          -- null: nothing that can be compared
  phone_encrypted      varbinary(200) NOT NULL,
  phone_hash           binary(32)     NULL,
  document_encrypted   varbinary(200) NOT NULL,                                      -- national id or tax number
  document_hash        binary(32)     NULL,
  birth_date_encrypted varbinary(120) NULL,
  sex                  varchar(10)    COLLATE Latin1_General_100_BIN2 NULL CONSTRAINT ck_customers_sex CHECK (sex IN ('female', 'male')),
  industry             nvarchar(80)   COLLATE Modern_Spanish_100_CI_AI NULL,
  segment              varchar(12)    COLLATE Latin1_General_100_BIN2 NOT NULL
                                      CONSTRAINT ck_customers_segment CHECK (segment IN ('new', 'occasional', 'loyal', 'vip', 'dormant')),
  potential            varchar(8)     COLLATE Latin1_General_100_BIN2 NOT NULL
                                      CONSTRAINT ck_customers_potential CHECK (potential IN ('low', 'medium', 'high')),
  city_id              int            NOT NULL CONSTRAINT fk_customers_cities REFERENCES crm.cities (city_id),
  latitude             float(53)      NOT NULL CONSTRAINT ck_customers_latitude CHECK (latitude BETWEEN -90 AND 90),
  longitude            float(53)      NOT NULL CONSTRAINT ck_customers_longitude CHECK (longitude BETWEEN -180 AND 180),
  location             AS geography::Point(latitude, longitude, 4326) PERSISTED,
  created_at           datetime2(7)   NOT NULL,
  updated_at           datetime2(7)   NOT NULL,
  row_version          rowversion     NOT NULL,
  CONSTRAINT ck_customers_times CHECK (created_at <= updated_at)
);
GO
-- Serves: who has this e-mail (crm.find_customers_by_contact). Filtered: a customer without one is not found by it.
CREATE INDEX ix_customers_email_hash ON crm.customers (email_hash) INCLUDE (client_id) WHERE email_hash IS NOT NULL;
GO
-- Serves: the same by phone.
CREATE INDEX ix_customers_phone_hash ON crm.customers (phone_hash) INCLUDE (client_id) WHERE phone_hash IS NOT NULL;
GO
-- Serves: the same by document.
CREATE INDEX ix_customers_document_hash ON crm.customers (document_hash) INCLUDE (client_id) WHERE document_hash IS NOT NULL;
GO
-- Serves: a client's customers by segment and potential (reports.customer_segments), and the foreign key's check.
CREATE INDEX ix_customers_client ON crm.customers (client_id, segment, potential) INCLUDE (city_id);
GO
-- Serves: the foreign key, and customers of a city.
CREATE INDEX ix_customers_city ON crm.customers (city_id) INCLUDE (client_id, segment);
GO
-- Serves: who is nearest to a place (crm.nearest_customers). Twelve cells an object: a point has one on each level.
CREATE SPATIAL INDEX sx_customers_location ON crm.customers (location)
  USING GEOGRAPHY_GRID WITH (GRIDS = (MEDIUM, HIGH, HIGH, HIGH), CELLS_PER_OBJECT = 12);
GO
ALTER TABLE crm.customers ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
