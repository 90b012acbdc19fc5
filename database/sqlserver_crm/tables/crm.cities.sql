-- The gazetteer all databases share.
CREATE TABLE crm.cities (
  city_id      int           NOT NULL CONSTRAINT pk_cities PRIMARY KEY,
  name         nvarchar(120) COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  region       nvarchar(120) COLLATE Modern_Spanish_100_CI_AI NOT NULL,   -- province, state or department
  country_code char(2)       COLLATE Latin1_General_100_BIN2 NOT NULL,    -- ISO 3166 alpha-2
  country      nvarchar(80)  COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  latitude     float(53)     NOT NULL CONSTRAINT ck_cities_latitude CHECK (latitude BETWEEN -90 AND 90),
  longitude    float(53)     NOT NULL CONSTRAINT ck_cities_longitude CHECK (longitude BETWEEN -180 AND 180),
  population   int           NOT NULL CONSTRAINT ck_cities_population CHECK (population > 0),
  row_version  rowversion    NOT NULL
);
GO
-- Serves: a city found by its name as a person types it (crm.find_cities).
CREATE INDEX ix_cities_name ON crm.cities (name) INCLUDE (region, country_code);
GO
ALTER TABLE crm.cities ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
