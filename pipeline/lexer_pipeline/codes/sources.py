"""Where rules come from: pages of the vendor's, and standards."""

SCHEMAS = "Lexer's schemas, https://github.com/lexerdev/lexer-schemas"
FORMATTING = (
    "Lexer, Data formatting and validation, https://learn.lexer.io/docs/data-formatting-and-validation"
)
JSON_PAGE = "Lexer, Providing JSON data to Lexer, https://learn.lexer.io/docs/providing-json-data-to-lexer"
UPLOAD_PAGE = "Lexer, File Upload API, https://learn.lexer.io/docs/file-upload-api"
CUSTOMER_PAGE = "Lexer, Customer data specification, https://learn.lexer.io/docs/customer-data-specification"
COMMERCE_PAGE = "Lexer, Commerce data specification, https://learn.lexer.io/docs/commerce-data-specification"
ANSWERS_PAGE = (
    "Lexer, Response codes and common errors, https://learn.lexer.io/docs/response-codes-and-common-errors"
)
RFC_CSV = "RFC 4180, Common Format and MIME Type for CSV Files, https://www.rfc-editor.org/rfc/rfc4180"
RFC_JSON = "RFC 8259, The JavaScript Object Notation (JSON) Data Interchange Format, https://www.rfc-editor.org/rfc/rfc8259"
RFC_TIME = "RFC 3339, Date and Time on the Internet, https://www.rfc-editor.org/rfc/rfc3339"
RFC_UTF8 = "RFC 3629, UTF-8, https://www.rfc-editor.org/rfc/rfc3629"
UNICODE = "The Unicode Standard, https://www.unicode.org/versions/latest/"
CURRENCIES = "ISO 4217, Codes for the representation of currencies"
PHONES = "ITU-T E.164, The international public telecommunication numbering plan"


def own(why: str) -> str:
    """A rule of this program, and its reason."""
    return f"our own rule: {why}"
