"""The vendor's JSON schemas as plain tables, one a record type.

A row is `path kind`, `!` after the kind where the field is required, then the values an enum allows or the
bounds of a number.
"""

from collections.abc import Mapping

_EVENT = """
link                                              link!
action_at                                         date-time!
"""
_TRANSACTION = (
    _EVENT
    + """
type                                              string!  physical ecommerce
currency                                          string
adjustments                                       array
adjustments[].price_adjustment                    number!
adjustments[].adjusted_at                         date-time
adjustments[].reason                              string
custom_fields                                     open
store                                             object
store.store_id                                    string
store.type                                        string!  physical ecommerce concession outlet online
store.name                                        string!
store.location                                    object
store.location.name                               string
store.location.coordinate                         object
store.location.coordinate.latitude                number!  >=-90 <90
store.location.coordinate.longitude               number!  >=-180 <180
products                                          array!
products[].product_reference                      object
products[].product_reference.id                   string!
products[].product_reference.id_type              string!  sku upc product_id
products[].product_reference.dataset_id           string
"""
)
_LIST = """
list                                              object
list.id                                           string!
list.name                                         string!
"""
_EMAIL_BOUNCE = (
    _EVENT
    + _LIST
    + """
email_id                                          string!
from                                              object
from.name                                         string
from.email                                        email!
to                                                object
to.name                                           string
to.email                                          email!
"""
)
_EMAIL_OPEN = _EMAIL_BOUNCE + "campaign_id        string"
_SMS_CLICK = (
    _EVENT
    + _LIST
    + """
sms_id                                            string!
campaign_id                                       string
from                                              object
from.name                                         string
from.number                                       string
to                                                object
to.name                                           string
to.number                                         string
"""
)
TABLES: Mapping[str, str] = {
    "customer_record": """
link                                              link!
email                                             email
email_sha256                                      hash
mobile                                            string
customer_id                                       string
custom_fields                                     open
first_name                                        string
last_name                                         string
gender                                            string
date_of_birth                                     date
country                                           string
state                                             string
city                                              string
postcode                                          string
zip                                               string
address_1                                         string
address_2                                         string
employee_flag                                     boolean
customer_type                                     string
""",
    "product": """
product_id                                        string
sku                                               string
upc                                               string
product_reference_type                            string   sku upc product_id
name                                              string
description                                       string
brand                                             string
size                                              string
color                                             string
price                                             number
options                                           options
url                                               string
images                                            array
images[]                                          url
availability                                      object
availability.available                            boolean!
availability.channels_availability                array
availability.channels_availability[].type         string!  physical ecommerce
availability.channels_availability[].available    boolean!
availability.channels_availability[].published_at date-time
availability.channels_availability[].unpublished_at date-time
inventory                                         object
inventory.id                                      string
inventory.source                                  string
inventory.quantity                                integer
inventory.cost                                    number   >=0
inventory.backorder_allowed                       boolean
inventory.tracked                                 boolean
inventory.updated_at                              date-time
""",
    "purchase": _TRANSACTION
    + """
purchase_id                                       string!
payment_types                                     array
payment_types[].name                              string!
payment_types[].total                             number
products[].price_paid                             number!  >=0
products[].quantity                               integer! >=1
products[].full_price                             number
products[].discount                               number
""",
    "return": _TRANSACTION
    + """
return_id                                         string!
products[].price_paid                             number!  <=0
products[].quantity                               integer! <=-1
""",
    "email_send": _EMAIL_OPEN
    + """
subject                                           string
body                                              string
""",
    "email_open": _EMAIL_OPEN,
    "email_click": _EMAIL_OPEN
    + """
clicked_link                                      object
clicked_link.name                                 string
clicked_link.url                                  string
""",
    "email_bounce": _EMAIL_BOUNCE,
    "email_subscribe": _EVENT
    + _LIST
    + """
email_id                                          string!
status                                            string!  subscribed unsubscribed transactional undeliverable
""",
    "sms_send": _SMS_CLICK + "body                string",
    "sms_click": _SMS_CLICK,
    "sms_subscribe": _EVENT
    + _LIST
    + """
sms_id                                            string!
status       string! subscribed unsubscribed transactional undeliverable list_subscribed list_unsubscribed
""",
}
