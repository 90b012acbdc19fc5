-- Customers as applications know them, in plain text on an encrypted connection: as crm.save_customers takes them.
CREATE TYPE crm.customer_row AS TABLE (
  customer_id   bigint        NOT NULL PRIMARY KEY CLUSTERED,
  client_id     varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  customer_type varchar(10)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  first_name    nvarchar(160) COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  last_name     nvarchar(160) COLLATE Modern_Spanish_100_CI_AI NULL,
  email         nvarchar(254) COLLATE Latin1_General_100_BIN2 NOT NULL,
  phone         nvarchar(40)  COLLATE Latin1_General_100_BIN2 NOT NULL,
  document      nvarchar(40)  COLLATE Latin1_General_100_BIN2 NOT NULL,
  birth_date    date          NULL,
  sex           varchar(10)   COLLATE Latin1_General_100_BIN2 NULL,
  industry      nvarchar(80)  COLLATE Modern_Spanish_100_CI_AI NULL,
  segment       varchar(12)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  potential     varchar(8)    COLLATE Latin1_General_100_BIN2 NOT NULL,
  city_id       int           NOT NULL,
  latitude      float(53)     NOT NULL,
  longitude     float(53)     NOT NULL,
  created_at    datetime2(7)  NOT NULL,
  updated_at    datetime2(7)  NOT NULL
);
